"""What a page shows where its run ended in an error: that it did, and the way on."""

from html import escape
from urllib.parse import urlsplit

import streamlit as st

from lab.language.catalogues import _
from lab.web.assets import base_address
from lab.web.page_names import HOME, page_at


def show_mishap(_error: Exception) -> bool:
    """Tell the visitor of an error in a run, in the place of Streamlit's own message.

    Streamlit has written it to the log, with its traceback; on the page nothing is said of it. What
    the visitor has set may be what the page fails on, so the way on is the page as it begins.

    Returns
    -------
    bool
        True: Streamlit is to show nothing of its own.
    """
    page = page_at(urlsplit(st.context.url or "").path) or HOME
    with st.container(border=True, key="mishap"):
        st.header(_("This page cannot be shown"), anchor=False)
        st.markdown(
            _(
                "Something went wrong on the server, whose log has the reason. Your other pages are as "
                "they were."
            )
        )
        # A link of Streamlit's would keep the session, and with it what the page fails on.
        address, label = escape(f"{base_address()}/{page}"), escape(_("Open the page as it begins"))
        st.html(f'<a href="{address}" target="_self">{label}</a>')
    return True
