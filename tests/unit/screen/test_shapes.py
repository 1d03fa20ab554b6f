"""Secrets that no vendor marks: how files, commands, addresses and code write them down."""

from __future__ import annotations

import pytest

from jupyter_agent.screen import Screener
from jupyter_agent.screen.examples import assemble

SCREENER = Screener()
# What the tests look for, so that a span can be told exactly.
PASSWORD = "Lamp4" + "you-Tulip"
VALUE = assemble("{alnum:40}", 5)

FILES = {
    ".netrc": "machine api.acme.test\n  login ana\n  password {P}",
    ".pgpass": "db.acme.test:5432:shop:app:{P}",
    ".pgpass with stars": "*:*:*:app:{P}",
    ".npmrc": "//registry.acme.test/:_authToken={V}",
    ".pypirc": "[pypi]\nusername = ana\npassword = {P}\n",
    ".my.cnf": "[client]\nuser=ana\npassword={P}\n",
    "kubeconfig": "users:\n- name: ana\n  user:\n    token: {V}\n",
    "properties": "spring.datasource.password={P}",
    "Maven settings": "<server><username>ana</username><password>{P}</password></server>",
    "wp-config": "define('DB_PASSWORD', '{P}');",
    "appSettings": '<add key="MailPassword" value="{P}"/>',
    "AWS credentials": "[default]\naws_secret_access_key = {V}\n",
    "YAML": 'api:\n  auth_token: "{V}"\n',
    "Terraform": 'access_token = "{V}"',
}
STRINGS = {
    "ODBC": "Driver={{ODBC Driver 18}};Server=db;UID=sa;PWD={P};",
    "ADO.NET": "Server=tcp:db,1433;User ID=sa;Password={P};Encrypt=true",
    "JDBC": "jdbc:sqlserver://db:1433;databaseName=x;user=sa;password={P};encrypt=true",
    "JDBC with parameters": "jdbc:mysql://db:3306/x?user=app&password={P}",
    "Oracle": "jdbc:oracle:thin:scott/{P}@//db:1521/x",
    "libpq": "psycopg2.connect('host=db.acme.test dbname=shop user=app password={P}')",
    "SQLAlchemy": "create_engine('postgresql+psycopg://app:{P}@db/x')",
    "web address": "https://ana:{P}@files.acme.test/x.csv",
    "git": "git clone https://ana:{P}@git.acme.test/x.git",
}
COMMANDS = {
    "curl": "curl -u ana:{P} https://acme.test",
    "curl over two lines": "curl -X POST https://acme.test \\\n  -u ana:{P}",
    "curl's header": "curl -H 'X-Acme-Key: {V}' https://acme.test",
    "sshpass": "sshpass -p{P} ssh host",
    "mysql": "mysql -u root -p{P}",
    "docker": "docker login -u ana --password {P} registry.acme.test",
    "aws": "aws configure set aws_secret_access_key {V}",
    "export": "export DB_PASSWORD={P}",
    "%env": "%env DB_PASSWORD={P}",
    "PowerShell": "$env:DB_PASSWORD = '{P}'",
    "setx": "setx DB_PASSWORD {P}",
    "mongosh": "mongosh -u admin -p {P} admin",
    "keytool": "keytool -list -storepass {P} -keystore k.jks",
    "ldapsearch": "ldapsearch -x -D cn=admin -w {P} -b dc=acme",
    "openssl": "openssl rsa -in key.pem -passin pass:{P}",
}
CODE = {
    "keyword": "connect(user='ana', password='{P}')",
    "mapping": "conn['password'] = '{P}'",
    "annotated": "password: str = '{P}'",
    "Ruby": ":password       => '{P}',",
    "Go": 'password := "{P}"',
    "C#": 'password = @"{P}";',
    "setter": 'System.setProperty("ACME_TOKEN", "{V}")',
    "comparison": 'if password == "{P}":',
    "comparison turned round": 'if ("{P}" == password) {{',
    "header": "requests.get(url, headers={{'X-Api-Key': '{V}'}})",
    "cookie": "cookies = {{'session': '{V}'}}",
    "unknown vendor": "acme token = '{V}'",
    "unknown vendor, no sign": "acmeSECRET {V}",
    "parameter": "https://api.acme.test/v1?token={V}",
}
TABLE = {**FILES, **STRINGS, **COMMANDS, **CODE}

HARMLESS = [
    "password: str",
    "PASSWORD = os.environ['PASSWORD']",
    "password = getpass.getpass()",
    "token = tokenizer.eos_token",
    'api_key = "{{ACME_KEY}}"',
    "password=$DB_PASSWORD",
    "password: ${DB_PASSWORD}",
    "token: [secret:GITHUB_TOKEN]",
    "op://vault/item/password",
    "password = vault('secret/db')",
    "commit = '" + assemble("{hex:40}", 1) + "'",
    "sha256:" + assemble("{hex:64}", 1),
    'etag: "' + assemble("{hex:32}", 1) + '"',
    "trace_id = '" + assemble("{hex:32}", 2) + "'",
    "public_key = '" + assemble("{hex:64}", 2) + "'",
    "cache_key='" + assemble("{hex:40}", 2) + "'",
    "next_page_token = '" + assemble("{alnum:40}", 2) + "'",
    "revision='" + assemble("{hex:40}", 3) + "'",
    "https://images.acme.test/" + assemble("{hex:32}", 3) + ".png",
    "https://www.dropbox.com/s/" + assemble("{alnum:15}", 3) + "/photo.png",
    "order number 20240131-993812",
    "facebook/m2m100_418M and FacebookAI/xlm-mlm-xnli15-1024",
    "model = M2M100ForConditionalGeneration.from_pretrained(name)",
    "uuid = '8f14e45f-ceea-467f-a9af-32c5c5ae1234'",
    "pk_live_" + assemble("{alnum:24}", 4),
    "arn:aws:iam::111122223333:user/Development/product_1234/*",
    "postgres://user:password@localhost:5432/db",
    "https://username:password@example.com/path",
    "password = 'changeme'",
    "key_columns = ['a', 'b']",
    "tokenizer_name_or_path='roberta-base'",
]


@pytest.mark.parametrize("name", TABLE)
def test_the_value_itself_is_found_and_nothing_around_it(name: str) -> None:
    text = TABLE[name].format(P=PASSWORD, V=VALUE)
    found = {text[finding.start : finding.end] for finding in SCREENER.screen(text)}
    assert found == {PASSWORD if "{P}" in TABLE[name] else VALUE}


@pytest.mark.parametrize("text", HARMLESS)
def test_what_only_looks_like_a_secret_is_left_alone(text: str) -> None:
    assert SCREENER.screen(text) == []


def test_a_prefix_inside_base64_is_chance() -> None:
    # As in an image that was put into a cell.
    picture = (
        assemble("{base64:200}", 2)
        + "/AKC"
        + assemble("{alnum:30}", 3)
        + "/"
        + assemble("{base64:90}", 4)
    )
    assert SCREENER.screen(f"![plot](data:image/png;base64,{picture})") == []


def test_a_vendors_name_makes_a_bare_value_a_credential() -> None:
    value = assemble("{hex:32}", 6)
    assert [f.rule for f in SCREENER.screen(f"scrapestack {value}")] == ["scrapestack-api-key"]
    assert SCREENER.screen(f"somewhere {value}") == []


def test_an_address_of_a_vendor_is_no_credential() -> None:
    value = assemble("{hex:32}", 6)
    assert SCREENER.screen(f"https://scrapestack.com/blog/{value}") == []


@pytest.mark.parametrize("word", ["puT", "HErE", "Fake", "todo"])
def test_a_short_word_between_two_digits_of_a_token_is_chance(word: str) -> None:
    begins, ends = assemble("{alnum:16}", 3), assemble("{alnum:27}", 4)
    token = "sk-" + "proj-" + f"{begins}5{word}1{ends}"
    (found,) = SCREENER.screen(f"key = '{token}'")
    assert found.rule == "openai-api-key"
    assert not SCREENER.screen("key = '" + "sk-" + f"proj-{word}-your-own-key-here'")
