"""What is this about?"""

import streamlit as st

from lab.i18n import _
from lab.page import open_page

open_page(
    _("Cross-Entropy Lab"),
    _(
        "See why softmax and cross-entropy behave as they do. The lab repeats the experiment of a "
        "Chinese blog post, which replaces the cross-entropy L1 by a loss L2 without a logarithm, "
        "and shows where the post is right and where it is not."
    ),
    r"L_1 = -\sum_i q_i \log p_i",
    r"L_2 = \sum_i (p_i - q_i)\, a_i",
    r"L_1 - L_2 = H(p)",
)
st.markdown(
    _(
        "Logits $a$ become a distribution $p = \\mathrm{softmax}(a)$, which is compared with a "
        "target $q$. The two losses differ by exactly the entropy of $p$, for every input."
    )
)
with st.container(border=True):
    st.subheader(_("Are L1 and L2 the same?"), anchor=False)
    st.markdown(
        _(
            "The post plots one loss over the other, sees a straight line, and concludes that they "
            "are equivalent. Repeat its experiment, change every parameter, and watch the line bend."
        )
    )
    st.page_link("losses.py", label=_("Open the post's experiment"), icon=":material/play_arrow:")
    st.page_link(
        "losses.py",
        label=_("Open it where the line bends"),
        icon=":material/broken_image:",
        query_params={"logit_scale": "16"},
    )
