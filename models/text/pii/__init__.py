"""Personal data in messages: finding it, and masking it in place."""

from models.text.pii.finding import Kind, PersonalDatum
from models.text.pii.masking import find_personal_data, mask
from models.text.pii.validators import id_check_character, is_id_card, is_luhn

__all__ = [
    "Kind",
    "PersonalDatum",
    "find_personal_data",
    "id_check_character",
    "is_id_card",
    "is_luhn",
    "mask",
]
