"""What ansible-test's own pip is told: ansible-test drops the variables that say it."""

from pathlib import Path

import pytest

from trunkline.dev.ansible_test import index_url, pip_installer, pip_settings

MIRROR = "https://mirror.example.org/simple"


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty home folder, and nothing in the environment."""
    for name in ("UV_DEFAULT_INDEX", "UV_INDEX_URL", "UV_CONFIG_FILE", "PIP_CONFIG_FILE", "XDG_CONFIG_HOME",
                 "PIP_INDEX_URL", "PIP_CERT", "PIP_FIND_LINKS", "PIP_DEFAULT_TIMEOUT",
                 "PIP_DISABLE_PIP_VERSION_CHECK"):  # fmt: skip
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    return tmp_path


@pytest.mark.parametrize("name", ["PIP_INDEX_URL", "UV_INDEX_URL", "UV_DEFAULT_INDEX"])
def test_a_mirror_of_the_environment_is_used(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(name, MIRROR)
    assert index_url() == MIRROR
    assert f"index-url = {MIRROR}\n" in pip_settings(MIRROR)
    assert repr(MIRROR) in pip_installer(MIRROR)[1]


@pytest.mark.parametrize("text", [f'index-url = "{MIRROR}"', f'[[index]]\nurl = "{MIRROR}"\ndefault = true'])
def test_a_mirror_of_uv_s_configuration_is_used(text: str, home: Path) -> None:
    (home / ".config/uv").mkdir(parents=True)
    (home / ".config/uv/uv.toml").write_text(text)
    assert index_url() == MIRROR


def test_the_user_s_own_settings_of_pip_are_kept(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (home / ".config/pip").mkdir(parents=True)
    (home / ".config/pip/pip.conf").write_text("[global]\nfind-links = /wheels\ntimeout = 5\n[install]\npre = true\n")
    monkeypatch.setenv("PIP_TIMEOUT", "7")
    settings = pip_settings(None)
    assert "find-links = /wheels\n" in settings
    assert "timeout = 7\n" in settings
    assert "[install]\npre = true\n" in settings
    assert "index-url" not in settings


def test_the_installer_lies_where_ansible_test_looks_for_its_own() -> None:
    path, script = pip_installer(None)
    assert path.name == f"get_pip_{script.split('pip==')[1].split(chr(34))[0].replace('.', '_')}.py"
    compile(script, path.name, "exec")
