"""Where each field of each NACHA record stands, as data: name, width, kind. Not here: reading, what fields must say.

Kinds: ``n`` digits, ``o`` digits or blank, ``t`` text, ``r`` reserved (blank). The layouts are those of the Nacha
Operating Rules, Appendix Three, as published by banks for their customers.
"""

from dataclasses import dataclass
from functools import cache

WIDTH = 94


@dataclass(frozen=True, slots=True)
class Field:
    """A field of a record: ``start`` and ``stop`` count from 0."""

    name: str
    start: int
    stop: int
    kind: str

    @property
    def width(self) -> int:
        """Columns."""
        return self.stop - self.start


_RETURNED = "type:1n addenda_type:2n return_code:3t original_trace:15o date_of_death:6o original_rdfi:8o"
_PLACE = "type:1n addenda_type:2n city_state:35t country_postal:35t reserved:14r entry_sequence:7n"
_BANK = "type:1n addenda_type:2n bank_name:35t qualifier:2t bank_id:34t country:3t"
_MANY = "account:17t cents:10n individual_id:15t addenda_count:4o name:16t reserved:2r discretionary:2t"
_TO = "type:1n code:2n rdfi:8n check_digit:1n"
_END = "addenda_indicator:1n trace:15n"

_SPECS = {
    "file_header": "type:1n priority:2n destination:10t origin:10t created_on:6n created_at:4o modifier:1t"
    " record_size:3n blocking:2n format:1n destination_name:23t origin_name:23t reference:8t",
    "batch_header": "type:1n service_class:3n company_name:16t discretionary:20t company_id:10t sec:3t description:10t"
    " descriptive_date:6t effective_on:6o settlement:3o originator_status:1t odfi:8n number:7n",
    "iat_batch_header": "type:1n service_class:3n indicator:16t fx_indicator:2t fx_reference_indicator:1t"
    " fx_reference:15t country:2t company_id:10t sec:3t description:10t from_currency:3t to_currency:3t"
    " effective_on:6o settlement:3o originator_status:1t odfi:8n number:7n",
    "entry": f"{_TO} account:17t cents:10n individual_id:15t name:22t discretionary:2t {_END}",
    "entry_of_many": f"{_TO} {_MANY} {_END}",
    "check_entry": f"{_TO} account:17t cents:10n check_serial:9t city:4t state:2t name:22t discretionary:2t {_END}",
    "destroyed_check_entry": f"{_TO} account:17t cents:10n check_serial:15t process_control:6t item:16t"
    f" discretionary:2t {_END}",
    "card_entry": f"{_TO} account:17t cents:10n card_expires:4t individual_id:11t name:22t discretionary:2t {_END}",
    "named_first_entry": f"{_TO} account:17t cents:10n name:15t individual_id:22t discretionary:2t {_END}",
    "machine_entry": f"{_TO} account:17t cents:10n name:22t individual_id:15t discretionary:2t {_END}",
    "iat_entry": f"{_TO} addenda_count:4o reserved:13r cents:10n account:35t reserved:2r screening:1t"
    f" second_screening:1t {_END}",
    "adv_entry": f"{_TO} account:15t cents:12n advice_routing:9t file_reference:5t operator_data:1t name:22t"
    " discretionary:2t addenda_indicator:1n operator_routing:8n julian_day:3n sequence:4n",
    "addenda_02": "type:1n addenda_type:2n reference:7t second_reference:3t terminal:6t serial:6t transacted_on:4t"
    " authorization:6t location:27t city:15t state:2t trace:15n",
    "addenda_05": "type:1n addenda_type:2n information:80t sequence:4n entry_sequence:7n",
    "addenda_10": "type:1n addenda_type:2n transaction_type:3t foreign_amount:18o foreign_trace:22t name:35t"
    " reserved:6r entry_sequence:7n",
    "addenda_11": "type:1n addenda_type:2n name:35t street:35t reserved:14r entry_sequence:7n",
    "addenda_12": _PLACE,
    "addenda_13": f"{_BANK} reserved:10r entry_sequence:7n",
    "addenda_14": f"{_BANK} reserved:10r entry_sequence:7n",
    "addenda_15": "type:1n addenda_type:2n individual_id:15t street:35t reserved:34r entry_sequence:7n",
    "addenda_16": _PLACE,
    "addenda_17": "type:1n addenda_type:2n information:80t sequence:4n entry_sequence:7n",
    "addenda_18": f"{_BANK} reserved:6r sequence:4n entry_sequence:7n",
    "addenda_98": "type:1n addenda_type:2n change_code:3t original_trace:15o reserved:6r original_rdfi:8o"
    " corrected:29t reserved:15r trace:15o",
    "addenda_99": f"{_RETURNED} information:44t trace:15o",
    "iat_addenda_99": f"{_RETURNED} original_cents:10o information:34t trace:15o",
    "batch_control": "type:1n service_class:3n count:6n hash:10n debit_cents:12n credit_cents:12n company_id:10t"
    " authentication:19t reserved:6r odfi:8n number:7n",
    "adv_batch_control": "type:1n service_class:3n count:6n hash:10n debit_cents:20n credit_cents:20n operator_data:19t"
    " odfi:8n number:7n",
    "file_control": "type:1n batches:6n blocks:6n count:8n hash:10n debit_cents:12n credit_cents:12n reserved:39r",
    "adv_file_control": "type:1n batches:6n blocks:6n count:8n hash:10n debit_cents:20n credit_cents:20n reserved:23r",
}

#: Standard entry class -> layout of its entries; the others have the plain one.
_ENTRIES = {
    "CTX": "entry_of_many",
    "ATX": "entry_of_many",
    "TRX": "entry_of_many",
    "IAT": "iat_entry",
    "ADV": "adv_entry",
    "POP": "check_entry",
    "TRC": "destroyed_check_entry",
    "XCK": "destroyed_check_entry",
    "SHR": "card_entry",
    "CIE": "named_first_entry",
    "MTE": "machine_entry",
}

#: Every standard entry class of the rules (COR are notifications of change).
CLASSES = frozenset(
    {"ACK", "ADV", "ARC", "ATX", "BOC", "CCD", "CIE", "COR", "CTX", "DNE", "ENR"}
    | {"IAT", "MTE", "POP", "POS", "PPD", "RCK", "SHR", "TEL", "TRC", "TRX", "WEB", "XCK"}
)


@cache
def fields_of(layout: str) -> tuple[Field, ...]:
    """The fields of a layout in order; together they fill the record."""
    found, start = [], 0
    for part in _SPECS[layout].split():
        name, _, size = part.partition(":")
        found.append(Field(name, start, start + int(size[:-1]), size[-1]))
        start = found[-1].stop
    return tuple(found)


def layouts() -> tuple[str, ...]:
    """Their names."""
    return tuple(_SPECS)


def entry_layout(sec: str, *, international: bool) -> str:
    """The layout of the entries of a batch. International notices of change (IATCOR) keep the entries of IAT."""
    return "iat_entry" if international else _ENTRIES.get(sec, "entry")
