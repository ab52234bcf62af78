"""What gives a secret away when nobody has named it: known prefixes, and names of fields."""

import re
from typing import Final

# One line per issuer; what follows a prefix is long enough that no word of a prompt looks like it.
SHAPES: Final = (
    r"sk-(?!mock-)[A-Za-z0-9_-]{16,}",  # OpenAI, Anthropic and many more; ours are no secrets
    r"(?:sk|rk|pk)_(?:live|test)_[A-Za-z0-9]{10,}",  # Stripe
    r"whsec_[A-Za-z0-9+/=]{16,}",
    r"(?:AKIA|ASIA|ABIA|ACCA)[A-Z0-9]{16}",  # AWS
    r"AIza[A-Za-z0-9_-]{35}",  # Google
    r"ya29\.[A-Za-z0-9_-]{20,}",
    r"GOCSPX-[A-Za-z0-9_-]{20,}",
    r"gh[pousr]_[A-Za-z0-9]{30,}",  # GitHub
    r"github_pat_[A-Za-z0-9_]{22,}",
    r"glpat-[A-Za-z0-9_-]{20,}",  # GitLab
    r"xox[abeoprs]-[A-Za-z0-9-]{10,}",  # Slack
    r"xapp-\d-[A-Za-z0-9-]{10,}",
    r"hooks\.slack\.com/services/[A-Za-z0-9/]{20,}",
    r"hf_[A-Za-z0-9]{30,}",  # Hugging Face
    r"r8_[A-Za-z0-9]{30,}",  # Replicate
    r"gsk_[A-Za-z0-9]{30,}",  # Groq
    r"xai-[A-Za-z0-9]{30,}",
    r"pplx-[A-Za-z0-9]{30,}",
    r"nvapi-[A-Za-z0-9_-]{30,}",
    r"tvly-[A-Za-z0-9-]{20,}",
    r"rpa_[A-Z0-9]{30,}",
    r"npm_[A-Za-z0-9]{30,}",
    r"pypi-AgEI[A-Za-z0-9_-]{30,}",
    r"do[opr]_v1_[a-f0-9]{40,}",  # DigitalOcean
    r"dckr_pat_[A-Za-z0-9_-]{20,}",
    r"SG\.[A-Za-z0-9_-]{16,}\.[A-Za-z0-9_-]{16,}",  # SendGrid
    r"shp(?:at|ca|pa|ss)_[a-fA-F0-9]{32}",  # Shopify
    r"sq0[a-z]{3}-[A-Za-z0-9_-]{20,}",  # Square
    r"lin_api_[A-Za-z0-9]{30,}",  # Linear
    r"(?:ntn|secret)_[A-Za-z0-9]{40,}",  # Notion
    r"glsa_[A-Za-z0-9]{30,}",  # Grafana
    r"sbp_[a-f0-9]{40}",  # Supabase
    r"figd_[A-Za-z0-9_-]{30,}",
    r"sntrys_[A-Za-z0-9+/=_-]{30,}",
    r"AGE-SECRET-KEY-1[A-Z0-9]{50,}",
    r"eyJ[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}",  # a JSON Web Token
    r"AccountKey=[A-Za-z0-9+/=]{40,}",  # Azure
    r"-----BEGIN [A-Z ]*PRIVATE KEY-----(?:\\+[rn]|[\w+/=\s])*(?:-----END [A-Z ]*KEY-----)?",
)
SHAPE: Final = re.compile("(?<![A-Za-z0-9])(?:" + "|".join(SHAPES) + ")")

# A token behind its scheme, wherever it stands: in an error text, in a log line.
SCHEME: Final = re.compile(
    r"(?i)\b(bearer|basic|authorization:?\s*(?:key|token))(\s+|%20|\+)([A-Za-z0-9._~+/=-]{12,})"
)
USERINFO: Final = re.compile(r"(?<=://)[^\s/?#@\"'\\<>]{1,256}(?=@)")

# Names whose values are secrets, in lower case and without dashes and underscores.
_NAMES: Final = (
    "apikey|xapikey|accesskey|accesskeyid|secretkey|privatekey|authkey|authtoken|accesstoken"
    "|refreshtoken|idtoken|sessiontoken|bearertoken|token|jwt|secret|clientsecret|webhooksecret"
    "|webhookkey|webhookhmackey|hmackey|signingkey|signingsecret|password|passwd|pwd|authorization"
    "|auth|credential|credentials|session|sessionid|jsessionid|cookie|signature|sig"
)
_SIGNED: Final = (  # parameters that sign an address, besides the names above
    "xamzsignature|xamzcredential|xamzsecuritytoken|xgoogsignature|xgoogcredential|awsaccesskeyid"
    "|ossaccesskeyid|securitytoken|googleaccessid|policy|keypairid|qsignature|qak|qsigntime"
    "|hdnea|hdnts|hmac|sign|key"
)
_WORD: Final = re.compile(r"(?i)api[_-]?key|secret|passw|credential|access[_-]?token|auth[_-]?tok")
_NAME: Final = re.compile(f"(?:{_NAMES})")
_PARAMETER: Final = re.compile(f"(?:{_NAMES}|{_SIGNED})")

# What precedes a parameter in an address, also in one that is itself escaped or encoded.
PARAMETER: Final = re.compile(
    r"([?&;]|\\u0026|&amp;|%26|%3[Ff])([A-Za-z0-9_.-]{1,40})(=|%3[Dd])([^&\s\"'<>\\#;%]"
    r"(?:[^&\s\"'<>\\#;%]|%(?!26|23))*)"
)
# A field of JSON with a string in it; and one of JSON in a string, where the backslashes say in how
# many strings it is.
FIELDS: Final = (
    re.compile(r'(?<!\\)()"([A-Za-z0-9_ .-]{1,40})"(\s*:\s*)"((?:[^"\\]|\\.)++)"', re.DOTALL),
    re.compile(
        r'(?<!\\)(\\+)"([A-Za-z0-9_ .-]{1,40})\1"(\s*:\s*)\1"((?:[^\\"]|\\++(?!")|\1\\+")+)\1"'
    ),
)
FORM_PART: Final = re.compile(
    r'(?i)(content-disposition:[^\r\n]*?\bname="([^"\r\n]{1,40})"[^\r\n]*\r\n(?:[^\r\n]+\r\n)*\r\n)'
    r"([^\r\n]+)"
)


def names_secret(name: str) -> bool:
    """Whether a header or a field of this name holds a secret."""
    return bool(_NAME.fullmatch(_fold(name)) or _WORD.search(name))


def signs_address(name: str) -> bool:
    """Whether a parameter of this name opens what an address leads to."""
    return bool(_PARAMETER.fullmatch(_fold(name)) or _WORD.search(name))


def _fold(name: str) -> str:
    return name.lower().replace("-", "").replace("_", "")
