"""The six sizes of type as the style sheet's own properties, and the two families of letters."""

from typing import Final

SIZES: Final = {
    "question": "2.25rem",
    "number": "1.75rem",
    "title": "1.25rem",
    "text": "1rem",
    "small": "0.875rem",
    "tick": "0.75rem",
}
_QUESTION_ON_A_PHONE: Final = SIZES["number"]

# Streamlit serves the first of each; in its lists `serif` alone is the browser's.
TEXT_FONT: Final = '"Source Sans", "PingFang SC", "Microsoft YaHei", "Noto Sans CJK SC", sans-serif'
TITLE_FONT: Final = (
    '"Source Serif", Georgia, "Noto Serif CJK SC", "Songti SC", "PingFang SC", "Microsoft YaHei", serif'
)

TYPE_CSS: Final = (
    ".stApp {\n"
    + "".join(f"  --lab-size-{name}: {size};\n" for name, size in SIZES.items())
    + f"}}\n@media (max-width: 640px) {{ .stApp {{ --lab-size-question: {_QUESTION_ON_A_PHONE}; }} }}\n"
)


def streamlit_type() -> dict[str, object]:
    """Return what `.streamlit/config.toml` has to say of type."""
    return {
        "font": TEXT_FONT,
        "headingFont": TITLE_FONT,
        "headingFontSizes": [SIZES["question"], SIZES["title"], *4 * [SIZES["text"]]],
        "headingFontWeights": 6 * [600],
    }
