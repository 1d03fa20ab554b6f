"""Commands: an early child of the broker that starts them and ends everything they started."""
