// What both bundles need. Rspack 2.2 comments out the unused `static #method()` of hpke as if it
// were an expression, which is no JavaScript any more. Written for ES2021 it has none, and what is
// unused (other ciphers, other curves) still falls away.
module.exports = {
  module: {
    rules: [
      {
        test: /[\\/]node_modules[\\/]hpke[\\/]index\.js$/,
        loader: 'builtin:swc-loader',
        options: { jsc: { target: 'es2021' } }
      }
    ]
  }
};
