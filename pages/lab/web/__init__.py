"""What is served beside Streamlit: the HTML of a page, static files, scripts, headers."""
