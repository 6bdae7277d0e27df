"""Which of these are true?"""

import streamlit as st

from lab.claims.layout import draw_subject, hold_anchor, show_foot, show_top
from lab.claims.ledger import SUBJECTS
from lab.claims.state import ClaimsState
from lab.language.catalogues import _
from lab.page.beats import show_ignored
from lab.page.glossary import show_symbols
from lab.state.visit import enter

visit = enter("claims", ClaimsState())
st.title(_("Which of these are true?"), anchor=False)
show_ignored(visit)
show_top()
for subject in SUBJECTS:
    draw_subject(subject)
show_foot()
show_symbols()
hold_anchor()
