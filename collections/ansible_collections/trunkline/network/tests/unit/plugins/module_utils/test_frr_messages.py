"""FRR's words, as FRR 8.4 printed them."""

from ansible_collections.trunkline.network.plugins.module_utils.frr_messages import reasons, rejection, touched

CONFIG = "hostname x\n!\ninterface eth1\n description a\n isis network point-to-pont\nexit\n"


def test_a_syntax_error_is_named_with_stanza_line_and_reason() -> None:
    output = "vtysh (mark file) exited with status 2:\nb'line 5: % Unknown command:  isis network point-to-pont\\n\\n'"
    assert rejection(output, CONFIG) == "interface eth1: 'isis network point-to-pont': % Unknown command"


def test_a_refused_header_is_named_once() -> None:
    assert rejection("line 3: % Unknown command: interface eth1", CONFIG) == "'interface eth1': % Unknown command"


def test_no_syntax_error_gives_nothing() -> None:
    assert rejection("all is well", CONFIG) == ""


def test_the_reasons_of_a_refusal_are_given_once_each() -> None:
    refused = (
        "% Configuration failed.\n\nError type: validation\n"
        "Error description: System ID must not change when defining additional area addresses\n"
        "The following commands were dynamically grouped into the same transaction and rejected:\n- router isis CORE\n"
    )
    assert reasons(refused * 2) == "System ID must not change when defining additional area addresses"


def test_silence_has_no_reasons() -> None:
    assert reasons("") == ""


def test_commands_on_foreign_stanzas_are_found() -> None:
    output = (
        "\nLines To Delete\n===============\nno ip route 198.51.100.0/24 10.0.1.1\ninterface eth2\n no description x\n"
        "\nLines To Add\n============\ninterface eth1\n description y\nno router isis CORE\n"
    )
    assert touched(output, {"interface eth1", "router isis CORE"}) == [
        "no ip route 198.51.100.0/24 10.0.1.1",
        "interface eth2 / no description x",
    ]


def test_a_refusal_with_exit_code_0_has_its_words_on_the_next_line() -> None:
    said = (
        "% Failed to edit configuration.\n\nYANG error(s):\n"
        ' Unsatisfied pattern - "49.0001.zzzz.00" does not conform to "[a-f]".\n YANG path: Schema location "/x".\n'
    )
    assert reasons(said) == 'Unsatisfied pattern - "49.0001.zzzz.00" does not conform to "[a-f]".'
