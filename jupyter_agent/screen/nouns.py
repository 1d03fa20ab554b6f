"""How languages say "password", and the words that tie a value to it or to something else."""

from __future__ import annotations

import re
from functools import cache
from typing import Final, NamedTuple

from jupyter_agent.screen.entering import ENTERS, asks, entered, login


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


def _one_of(text: str) -> str:
    return "|".join(text.replace("~", r"\s").split())


# Stems, with an ending of any case behind them, misspelt as people misspell them. A blank within
# one is "~".
_STEMS: Final = r"""
pas{1,3}w(?:o+r?[dt]|r?o?d|[aeiu]rd|rod|od|ord) pas{1,3}(?:owr[dt]|ord|wort|wrt|wrot)
paswo?r?d pswd psw+o?rd ps{1,2}w?o?rd pas{1,2}wd pass~?phra[sz]e phrase~secr[èe]te pword
passwuert pasvort paßwort pas{1,2}[a-z]?w[a-z]{1,2}r[a-z]?d kenn?wort zugangswort losungswort
(?:wlan|wifi|wi-fi|netzwerk|netz|sicherheits)[~-]?schl(?:ü|ue)ssel mots?[~-]de[~-]pass?e?
motdepasse mdp cl(?:é|e|ef)s?~(?:du~)?(?:wifi|wi-fi|wpa2?|wep|réseau) phrases?~de~passe
contra(?:se|ce|ze|sé)(?:ñ|n|ni|gn|ny)a contrasinal pasahitz clave frase~de~paso senha
palavras?[~-]passe passcode parola~d['’]ordine parola~chiave parol[ae]? parol[ăęąu]
chiave~(?:wifi|wi-fi|wpa|di~rete|del~wi) wach?t?woor[dt] wachtword paswoord wagwoord
(?:wifi|netwerk)-?sleutel l[öo]senord adgangskode kodeord salasana salasan tunnussana
koden?~till?~[\w-]{3,24}kont(?:oen|ot|o)
lykilor[ðd] aðgangsor[ðd] nyckeln?~till~w salas[õo]na slapta[žz]od has(?:ł|l)(?:o|a|em|u|e)
hase[łl] hesl[oauey] hesel gesl[oau] lozin[kc] šifr[aeu] zapork п[ао]рол лозин[кц] шифр[аеу]
пас+ворд запорк құпия~?сөз нууц~үг паролк şifr sifre şıfre şîfre jelsz fjal[ëe]kalim
pasfhocal cyfrinair modpas nenosir nywila κωδικ κωδικό συνθηματικ mật~khẩu mat~khau
kata~?sandi kata~laluan sandi~wi sandinya
"""
# The same for those that stand at the end of longer words: Datenbankpasswort, wifilösenord.
_LAST: Final = "passwor[dt] kennwort wachtwoord lösenord passord adgangskode salasana"
# Written without blanks, or with other words glued to them.
_GLUED: Final = """
密[码碼马] 口令 授权码 授權碼 パスワード パスワ(?!ーク) ぱすわーど パスフレーズ
(?<![ァ-ヺー])パス(?![ァ-ヺー]) 暗号キー 合言葉 비밀번호 패스워드 비번
암호 패스프레이즈 รหัสผ่าน รหัส(?!ไป) พาสเวิร์ด พาส ລະຫັດຜ່ານ ពាក្យសម្ងាត់ လျှို့ဝှက် စကားဝှက်
पासवर्ड पासवर्ड संकेतशब्द कूटशब्द পাসওয়ার্ড পাসওয়ার্ড கடவுச்சொல் பாஸ்வேர்ட்
పాస్\u200c?వర్డ్ ಪಾಸ್\u200c?ವರ್ಡ್ പാസ്\u200c?വേ പാസ്\u200c?‌?വേഡ് પાસવર્ડ ਪਾਸਵਰਡ මුරපද
كلم[ةه]~(?:ال)?(?:مرور|سر) باسو+رد پاس~?ورڈ پسورد گذرواژه الرقم~السري رمز~(?:عبور|وای|ال?واي)
سيسم סיסמ[האת] פתוח~סודי პაროლ գաղտնաբառ የይለፍ
"""
# With nothing behind: short ones, with which longer words begin.
_WHOLE: Final = r"""
log-?in(?=~is~(?:just|simply|still|literally|basically)~)
pwd pw pws psw psk wpa[23]?(?:[~-]?psk)? pwds ww mk sandi auth(?=~(?:is|=|:))
(?:temp(?:orary)?|initial)~credentials?(?!~(?:from|for|in|of)~) my~usual(?=~\()
(?:secret|magic|safe)[~-]?(?:word|phrase) (?:diceware|luks|gpg|pgp|disk|(?:de|en)cryption)~phrase
root(?=~(?:on|for)~[\w~]{2,24}?~is~) p\.?wort
kwdik\w{0,3} kodik\w{0,3} parol(?:im|u)? contra lösen
пасс? clau~(?:de|del) maxfiy~so['‘’`]z wifi-?sleutel
"""


# How programs lock a file, and how they call that.
_PROTECTION: Final = """
(?:work)?(?:sheet|book)~protection (?:excel|pdf|zip|word)~protection blattschutz
arbeitsmappenschutz protection~d(?:e~la~feuille|u~classeur) protecci[oó]n~de(?:~la~hoja|l~libro)
protezione~(?:del~)?foglio (?:werk)?bladbeveiliging prote[cç][aã]o~da~planilha
(?:(?:write|read)[~-])?protected
"""


# Between Latin letters and those of scripts without blanks a word ends.
_LETTERS: Final = "A-Za-z0-9_À-ɏͰ-ԯ"


@cache  # compiling it takes some milliseconds
def _noun() -> re.Pattern[str]:
    return re.compile(
        rf"(?:(?:{_one_of(_STEMS)})(?:['’]?[^\W\d_]{{1,6}}?)?|(?:{_one_of(_WHOLE)})(?:['’]s)?|"
        # An agent of programs asks for one.
        r"(?:at|in)\sthe\s(?:\w+\s)?prompt|when\s(?:it\s(?:asks|prompts)|prompted)|"
        r"if\sit\sasks|sudo(?=[^\x00-\x7f]|\s(?:prompt|asks|wants|prompts|pide|fragt|demande|chiede|pyta|просит|спросит)))"
        rf"(?![{_LETTERS}(\[/@])",
        re.IGNORECASE,
    )


# Only what stands right behind it is told by it.
@cache
def _tight() -> re.Pattern[str]:
    return re.compile(
        r"(?:(?:unlock|encrypt|decrypt|protect|secured|locked|opens)\w*\s"
        r"(?:it\s|them\s|(?P<what>(?:the|my|this|that|our)\s(?:[^\W_]+\s){1,2}))?(?:with|w/)|"
        rf"(?:log|sign)[\s-]?in,?\s(?:(?:just\s)?(?:type|enter)|(?P<in>with))|identified\sby|(?:{_one_of(_PROTECTION)})(?:\s[^\W\d_]+(?:\.[a-z]{{3,5}})?){{0,3}}?(?:\s?[:=]|,?\s(?:"
        r"is|was|ist|war|c['’]est|est|es|è|é|(?:i|we)(?:['’]ve|\shave)?\s(?:used?|set|chose|put)|"
        r"hab(?:e\sich|en\swir)|j['’]ai\smis|he\s(?:usado|puesto)|ho\s(?:usato|messo)|usei|"
        rf"heb\sik)))(?![{_LETTERS}])",
        re.IGNORECASE,
    )


@cache
def _glued_noun() -> re.Pattern[str]:
    return re.compile(rf"{_one_of(_GLUED)}|wi-?fi[^\n]{{1,30}}?キー", re.IGNORECASE)


# How all of these begin, so that few words are asked about.
_BEGINS: Final = _words(
    """pas paß pag pss psw psk pwo pwd pws pw ken zug los wla wif net sic mot mdp clé cle con cla
    fra sen pal par chi cha wac wag lös adg kod sal tun lyk aðg nyc has hes ges loz šif sif zap
    пар пор лоз шиф пас зап құп нуу şif şıf şîf jel fja cyf mod nen nyw κωδ συν mật mat kat san
    phr sec dic luk gpg pgp dis kwd at if whe aut ide unl enc dec pro sud ww mk wpa sla pao max
    log loc ope mag saf sig roo she wor boo exc pdf zip bla arb wer wri tem ini my"""
)
_MINE: Final = _words(
    """the my your our his her le la el il das mon ma mi mia meu du new old temp root admin wifi fi
    db sudo ssh"""
)
# "pass" is a verb, unless something of a noun stands beside it.
_PASS: Final = re.compile(
    r"(?=\s{0,2}(?:[:=→)?!,.;]|->|$|[^\x00-\u024f])|"
    r"\s(?:is|was|for|on|of|to the|changed|wifi|wi-fi|now)\s)"
)
_PASS_TO: Final = re.compile(
    r"(?=\s[^\s`*]{0,30}[^\W_][0-9!#$%^&])(?!\s\S{4,60}\s(?:to|into|as|through|via|in|and|with|for)\s)"
)
_NETS: Final = _words(
    "wifi wifis wifit wifiye wifin wlan wpa wep ssid network hotspot router netz вайфай вайфая"
)
_KEYS: Final = _words(
    """key code schlüssel clé clef clave chiave chave sleutel nyckel nyckeln kode koden nøkkel
    nøkkelen nøgle nøglen codice código ключ код klucz klíč kľúč ključ kulcs cheie cheia avain
    κλειδί anahtar kunci"""
)
_LONG: Final = (
    "passwor",
    "kennwort",
    "wachtwoord",
    "lösenord",
    "passord",
    "adgangskode",
    "salasana",
)
# "密码是abc" is two words.
_RUN: Final = re.compile(r"[A-Za-zÀ-ɏͰ-ԯḀ-ỿ]+|[^\W\d_A-Za-zÀ-ɏͰ-ԯḀ-ỿ]+")
_PART: Final = re.compile(r"[.!?]\s")


class Noun(NamedTuple):
    """Where a text says "password".

    Attributes:
        start: Where the noun begins.
        end: Where it ends.
        tight: Whether it tells only what stands right behind it.
        verb: Whether it may as well be a verb.
        key: Whether it is the key of a network, which is named before it.
        least: What shape a word has to have.
        signed: Whether it has to have a sign, too.
    """

    start: int
    end: int
    tight: bool = False
    verb: bool = False
    key: bool = False
    least: float = 0.0
    signed: bool = False


def nouns_in(text: str) -> list[Noun]:  # noqa: C901  (a hot loop)
    """Where a text says "password", in whatever language."""
    found: list[Noun] = []
    # Where the name of a network, and the word "key", ended last.
    net = key = -_NET_REACH
    key_start = 0
    known: dict[str, bool] = {}
    for run in _RUN.finditer(text):
        word = run[0].lower()
        if word[:3] not in _ASKED:
            if len(word) > _SHORT:
                found += _inside(text, run.start(), word)
            continue
        start, end = run.span()
        if word == "wi" and text[end : end + 3].lower() == "-fi":
            word, end = "wifi", end + 3
        if word in _NETS:
            if start - key <= _KEY_REACH and not _PART.search(text, key, start):
                found.append(Noun(key_start, end, key=True))
            net = end
        elif word in _KEYS:
            if start - net <= _NET_REACH and not _PART.search(text, net, start):
                found.append(Noun(start, end, key=True))
            key_start, key = start, end
        if word[:3] in _BEGINS and text[start - 1 : start] not in _GLUES:
            found += _pass(text, start, end) if word == "pass" else _at(text, start)
        if word in _JUDGED and text.startswith(" enough", end):
            found.append(Noun(start, end + 7, key=True))
        if word[:3] in ENTERS and (door := _door(text, start, known)):
            said = door[0].lower()
            # (Much is wanted, opened with programs, and changed from one thing to another.)
            least = 2.5 if said.endswith(_MUCH) or _PROGRAM.match(text, door.end()) else 2.0
            signed = said.endswith(_CHANGED) and not said.endswith("login from")
            found.append(Noun(start, door.end(), tight=True, least=least, signed=signed))
    if not text.isascii():
        found += [Noun(*match.span()) for match in _glued_noun().finditer(text)]
    return found


def _door(text: str, start: int, known: dict[str, bool]) -> re.Match[str] | None:
    """What only a password stands right behind; an answer is one where something asks for it."""
    door = entered().match(text, start)
    if door is None:
        return None
    said = door[0].lower()
    if said.startswith(_ANSWERS) and not asks().search(text):
        return None
    # Anything may be set to something, and is so now.
    if said.endswith(_SET):
        if "logs in" not in known:
            known["logs in"] = login().search(text) is not None
        return door if known["logs in"] else None
    return door


def _at(text: str, start: int) -> list[Noun]:
    """The noun that begins at a word."""
    if match := _noun().match(text, start):
        return [Noun(start, match.end())]
    if match := _tight().match(text, start):
        # (Much is encrypted with programs.)
        least = 2.5 if match["what"] else 2.0 if match["in"] else 0.0
        return [Noun(start, match.end(), tight=True, least=least)]
    return []


def _inside(text: str, start: int, word: str) -> list[Noun]:
    """A noun at the end of a longer word."""
    for stem in _LONG:
        at = word.find(stem, 1)
        if at > 0 and (match := _noun().match(text, start + at)):
            return [Noun(start + at, match.end())]
    return []


def _pass(text: str, start: int, end: int) -> list[Noun]:
    """The word "pass", where it is a noun or may be one. "PASS" is what tests do."""
    if text[start:end].isupper():
        return []
    words = text[max(0, start - 12) : start].split()
    is_mine = text[start - 1 : start] == "/" or (bool(words) and words[-1].lower() in _MINE)
    if is_mine or _PASS.match(text, end):
        return [Noun(start, end)]
    return [Noun(start, end, verb=True)] if _PASS_TO.match(text, end) else []


_NET_REACH: Final = 42
_KEY_REACH: Final = 24
_SHORT: Final = 8
_PROGRAM: Final = re.compile(r"[\s:\"'`]{1,3}[A-Z][A-Za-z]+\d{1,4}(?![\w!#$%&*+@-])")
_ANSWERS: Final = ("answer", "repl", "respond", "antwo", "répond", "rispond")
_MUCH: Final = ("from", "von", "wants", "accepts", "takes", "only")
_CHANGED: Final = ("from", "von")
_SET: Final = ("set it to", "now its", "now it's", "now it’s")
_JUDGED: Final = frozenset(("strong", "secure", "safe"))
_ASKED: Final = _BEGINS.union(ENTERS, (word[:3] for word in _NETS | _KEYS | _JUDGED), ("wi",))
_GLUES: Final = frozenset("_$.@\\0123456789")


IS: Final = _words(
    """is was are s its it's thats that's be being been becomes became now equals reads says called
    set changed cambiado cambió cambiou mudou cambiata changé geändert gewijzigd here's heres
    here ist lautet heißt heisst war wäre wurde est c'est cest c était sera
    devient es era será son sería e è é eh foi fica será tá está ta jest to brzmi było byl było
    je zní este получается это är er on var blir lyder olyan az lett lesz şu şudur olacak adalah
    yaitu ialah jadi là это е є це есть был теперь стал такой такая будет було буде هي هو είναι
    ειναι einai זה היא זו है हैं 은 는 라고 は が よ hii yra ir oli był była estas quedó queda sigue
    bleibt steht wordt luidt diventa diventerà nowe now nun jetzt maintenant ahora agora ora adesso
    nu teraz simdi тепер şimdi ezután azaz conto"""
)
"""The last word before a value that they give to a noun, or the first one behind it."""

HEDGES: Final = _words(
    """just simply still now currently only basically literally actually really always temporarily
    again moment plain good old nur einfach immer noch aktuell derzeit momentan jetzt gerade wohl
    weiterhin juste simplement toujours encore actuellement seulement tout bêtement maintenant
    solo sólo simplemente todavía todavia aún aun siendo actualmente ahora momento soltanto
    semplicemente ancora sempre attualmente adesso só apenas simplesmente ainda atualmente agora
    gewoon nog steeds alleen maar momenteel nu po prostu nadal wciąż wciaz tylko teraz obecnie
    просто все всё ещё еще пока только сейчас досі зараз prostě pořád stále jen teď bara
    fortfarande helt enkelt bare stadig fortsatt vain yhä edelleen sadece hala hâlâ şimdilik doar
    încă csak még mindig cuma hanya masih samo još"""
)
"""What people put between "is" and a value: "is still just"."""

AS: Final = _words(
    """as als comme como come jako как як som kao ca を sebagai làm olarak for für pour para per
    voor dla для til till za pentru untuk cho için that which thats the my our your mein das le la
    el il o a het de to voilà voila moje мой это оце to mijn min mitt mit bu budur benim ez az a
    це"""
)
"""The first word between a value and the noun behind it."""


WHEN: Final = _words("when once if wenn sobald quand cuando quando wanneer когда gdy när når")
ASKS: Final = _words("asks asked prompts prompted wants fragt demande pide chiede vraagt pede pyta")
"""The same, where it goes on with what asks for one."""


LIKE: Final = _words("as als comme como come jako как як som kao sebagai làm olarak")
"""Those of them that say nothing else."""

LEADS: Final = _words(
    """to from with or and then but not type typed enter entered entering use used using try tried
    just give gave it them put paste pasted say says said got get picked pick set as with called
    reset mit nimm tippe gib nutze benutze probier von auf zu zum eingeben tape tapez utilise avec
    entre mets de à en por con usa usar pon prueba da por pela com digita coloca dale pon met
    gebruik van naar med använd från till fra til bruk brug z ze na u użyj wpisz s se iz sa za с
    со на из от используй введи попробуй з на від kullan gir yaz ile dùng nhập với dengan pakai
    ke dari named is was either probeer essaie essayez versuch versuche prova provate tente tenta
    intenta spróbuj zkus skriv schreib schreibe écris escribe scrivi escreve napiš wpisz напиши
    kirjoita dene kokeile testa prøv próbáld încearcă"""
)
"""The last word before a value, where it is taken for something."""

SMALL: Final = _words(
    """than into onto through via over under before after about by the a an for of on at my your
    our this that these those if in der die das den dem des ein eine für vom im und oder le la
    les l du des un une pour sur dans et ou el los las un una para de del y o il lo gli per di
    e os as um uma do da no na em het een voor op en van och för på og i w do dla oraz и в для
    от к або та й ve"""
)
"""What asks for a word behind it, which is then no value."""

OTHER: Final = _words(
    """user users username usernames usr login uid account acct handle nick nickname kennung
    benutzer benutzername nutzer nutzername utilisateur identifiant compte usuario usuária cuenta
    utente utilizador conta gebruiker gebruikersnaam użytkownik uzytkownik użytkownika konto
    пользователь логин користувач користувача логін юзер kullanıcı adı hesap användare
    användarnamn bruger brugernavn bruker brukernavn käyttäjä tunnus uživatel felhasználó
    utilizator korisnik χρήστης المستخدم משתמש khoản pengguna ssid network netz netzwerk réseau
    réseaux red rede rete netwerk sieć сеть ağ nätverk netværk mạng jaringan hotspot name named
    called namens error errors fehler erreur errore
    ошибка hostname host server srv domain box machine node model version ver file folder
    branch ticket issue order invoice commit build line port room page table column field image
    serial bug step chapter modell datei zeile raum fichier archivo línea linea arquivo bestand
    regel plik файл строка строке building flight bus train isbn iban id ids ref no nr number
    nummer числo numer número numéro ip"""
)
"""What stands before a word that is something else than a password."""

OF: Final = re.compile(
    r"\s(?:of|for|to|on|de|d['’]|du|des|del|della|dello|dell['’]|di|da|do|dos|van|voor|vom|von|für|fürs|"
    r"zum|pour|para|per|til|till|för|do|dla|от|для|к|до)\s?(?:(?:the|my|our|la|le|les|el|los|il|lo|"
    r"meu|mi|mein\w{0,2}|dem|den|die|das|der|het|mijn|min|mitt)\s)?"
    r"(?:[^\W\d_]{2,}[\s-]){0,2}",
    re.IGNORECASE,
)
"""What stands between a noun and the word that says of what."""

OTHER_GLUED: Final = (
    *(
        "用户名",
        "用户",
        "用戶",
        "帐号",
        "账号",
        "ユーザー",
        "ユーザー名",
        "ユーザ名",
        "アカウント",
        "아이디",
    ),
    *("사용자", "名称", "名"),
)
"""The same where words are not apart."""

COPULAS: Final = _words("is are ist heißt heisst est es è é to jest är er je")
"""What may stand between such a name and its value."""
