"""Settings: bounds, contradictions, and mistakes that are reported all at once."""

from pathlib import Path

import pytest

from guerdon.settings import Settings, SettingsInvalid

ADDRESSES = {
    "GUERDON_MONGO_URL": "mongodb://root:hush@db.example/?replicaSet=rs",
    "GUERDON_REDIS_URL": "redis://:hush@cache.example/0",
}


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    for name, value in ADDRESSES.items():
        monkeypatch.setenv(name, value)
    return monkeypatch


@pytest.mark.usefixtures("environment")
def test_two_addresses_are_all_that_must_be_set() -> None:
    settings = Settings.load()

    assert settings.mongo_database == "guerdon"
    assert settings.mongo_driver == "motor"
    assert settings.lanes == 16
    assert settings.token_secret is None


def test_all_mistakes_are_reported_at_once_under_their_names(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("GUERDON_REDIS_URL", "http://cache.example")
    monkeypatch.setenv("GUERDON_LANES", "0")
    monkeypatch.setenv("GUERDON_KEY_PEPPER", "tiny")

    with pytest.raises(SettingsInvalid) as refusal:
        Settings.load()

    assert [line.partition(":")[0] for line in refusal.value.mistakes] == [
        "GUERDON_MONGO_URL",
        "GUERDON_REDIS_URL",
        "GUERDON_KEY_PEPPER",
        "GUERDON_LANES",
    ]
    assert "is not set" in refusal.value.mistakes[0]
    assert "must begin with redis://" in refusal.value.mistakes[1]


def test_misspelt_setting_is_refused_and_the_right_name_given(
    environment: pytest.MonkeyPatch,
) -> None:
    environment.setenv("GUERDON_MONGO_DATABSE", "shop")

    with pytest.raises(SettingsInvalid, match="did you mean GUERDON_MONGO_DATABASE"):
        Settings.load()


def test_variables_that_kubernetes_adds_are_let_be(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("GUERDON_SERVICE_HOST", "10.0.0.1")
    environment.setenv("GUERDON_PORT_8000_TCP_ADDR", "10.0.0.1")

    assert Settings.load().port == 8000


def test_settings_that_contradict_each_other_are_named(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("GUERDON_PAGE_SIZE_MAX", "10")

    with pytest.raises(SettingsInvalid, match="PAGE_SIZE must not be above GUERDON_PAGE_SIZE_MAX"):
        Settings.load()


def test_neither_addresses_nor_wrong_values_appear_in_what_is_printed(
    environment: pytest.MonkeyPatch,
) -> None:
    printed = repr(Settings.load())
    environment.setenv("GUERDON_TOKEN_SECRET", "hush")
    with pytest.raises(SettingsInvalid) as refusal:
        Settings.load()

    assert "hush" not in printed
    assert "hush" not in str(refusal.value)


@pytest.mark.usefixtures("environment")
def test_what_is_given_comes_before_the_environment() -> None:
    assert Settings.load(mongo_database="other").mongo_database == "other"


def test_origins_are_separated_by_commas(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("GUERDON_ALLOWED_ORIGINS", "https://shop.example, https://app.example")

    assert Settings.load().allowed_origins == ("https://shop.example", "https://app.example")


@pytest.mark.usefixtures("environment")
@pytest.mark.parametrize("named", ["*", "ingress", "10.0.0.1/8", "10.0.0.0/8 10.1.0.0/16"])
def test_a_proxy_that_the_server_would_not_recognize_is_refused(named: str) -> None:
    with pytest.raises(SettingsInvalid, match="GUERDON_TRUSTED_PROXIES: must be addresses or"):
        Settings.load(trusted_proxies=named)


def test_every_setting_says_what_it_is_for() -> None:
    silent = [name for name, field in Settings.model_fields.items() if not field.description]

    assert silent == []


def test_settings_are_the_only_reader_of_the_environment(root: Path) -> None:
    """The embedded stack hands its environment on, unread; imports ask where notes are kept."""
    readers = [
        path.relative_to(root / "src" / "guerdon").as_posix()
        for path in (root / "src").rglob("*.py")
        if "environ" in path.read_text() and "os.environ" in path.read_text()
    ]

    assert sorted(readers) == ["cli/importing/note.py", "embedded/parts.py", "settings/reading.py"]


def test_secrets_may_lie_in_files(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    file = tmp_path / "mongo_url"
    file.write_text("mongodb://db.example/\n")
    monkeypatch.setenv("GUERDON_MONGO_URL_FILE", str(file))

    settings = Settings.load(redis_url="redis://c.example")

    assert settings.mongo_url.get_secret_value() == "mongodb://db.example/"


def test_a_file_that_is_not_there_and_a_secret_given_twice_are_named_once_each(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name in Settings.secret_names():
        monkeypatch.delenv(f"GUERDON_{name.upper()}", raising=False)
        monkeypatch.setenv(f"GUERDON_{name.upper()}_FILE", str(tmp_path / "nothing"))
    monkeypatch.setenv("GUERDON_REDIS_URL", "redis://c.example")

    with pytest.raises(SettingsInvalid) as refused:
        Settings.load()

    assert [line.partition(":")[0] for line in refused.value.mistakes] == [
        "GUERDON_MONGO_URL_FILE",
        "GUERDON_MONGO_OWNER_URL_FILE",
        "GUERDON_REDIS_URL_FILE",
        "GUERDON_REDIS_URL_FILE",
        "GUERDON_TOKEN_SECRET_FILE",
        "GUERDON_KEY_PEPPER_FILE",
        "GUERDON_STORAGE_KEY_FILE",
    ]
    assert "No such file" in refused.value.mistakes[0]


@pytest.mark.parametrize(
    ("name", "address"),
    [
        ("GUERDON_MONGO_URL", "mongodb://u:hu/sh@db.example/"),
        ("GUERDON_MONGO_URL", "mongodb://u:hu@sh@db.example/"),
        ("GUERDON_MONGO_URL", "mongodb://u:hu:sh@db.example/"),
        ("GUERDON_MONGO_URL", "mongodb://u:hu?sh@db.example/"),
        ("GUERDON_MONGO_URL", "mongodb://u:hush"),
        ("GUERDON_MONGO_URL", "mongodb://"),
        ("GUERDON_MONGO_OWNER_URL", "mongodb://u:hu/sh@db.example/"),
        ("GUERDON_REDIS_URL", "redis://u:hu/sh@cache.example/0"),
        ("GUERDON_REDIS_URL", "redis://:12/sh@cache.example/0"),
        ("GUERDON_REDIS_URL", "redis://u:12#sh@cache.example/0"),
        ("GUERDON_REDIS_URL", "redis://cache.example:hush/0"),
        ("GUERDON_REDIS_URL", "redis://[hush"),
    ],
)
def test_a_secret_that_breaks_its_address_is_refused_with_the_remedy_and_not_shown(
    environment: pytest.MonkeyPatch, name: str, address: str
) -> None:
    environment.setenv(name, address)

    with pytest.raises(SettingsInvalid) as refusal:
        Settings.load()

    (mistake,) = refusal.value.mistakes
    assert mistake.startswith(f"{name}: is no address that can be read;")
    assert "%2F" in mistake
    assert not {"hush", "hu", "sh"} & set(mistake.replace("/", " ").split())


@pytest.mark.parametrize(
    ("name", "address"),
    [
        ("GUERDON_MONGO_URL", "mongodb+srv://u:h%2Fush@db.example/?retryWrites=true&w=majority"),
        ("GUERDON_MONGO_URL", "mongodb://u@a:27017,b:27018,[::1]:27019/admin?replicaSet=rs"),
        ("GUERDON_MONGO_URL", "mongodb://%2Ftmp%2Fmongodb-27017.sock"),
        ("GUERDON_MONGO_URL", "mongodb://h?authMechanismProperties=SERVICE_NAME:x/y@z"),
        ("GUERDON_MONGO_URL", "mongodb://u:p#w@h/guerdon"),
        ("GUERDON_REDIS_URL", "rediss://u:h%2Fush@cache.example:6380/1?socket_timeout=1"),
        ("GUERDON_REDIS_URL", "redis://[::1]:6379"),
        ("GUERDON_REDIS_URL", "unix:///run/valkey.sock?db=1"),
        ("GUERDON_REDIS_URL", "unix://u:pw@/run/valkey.sock"),
    ],
)
def test_addresses_in_all_their_usual_forms_are_taken(
    environment: pytest.MonkeyPatch, name: str, address: str
) -> None:
    environment.setenv(name, address)

    Settings.load()
