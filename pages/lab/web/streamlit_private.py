"""What the lab uses of Streamlit that is not public, each with its reason."""

from streamlit.runtime.scriptrunner import get_script_run_ctx


def is_history_navigation() -> bool:
    """Tell whether this run was caused by Back or Forward, which no public name tells."""
    context = get_script_run_ctx()
    return context is not None and context.is_history_navigation
