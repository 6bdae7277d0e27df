"""What the pages share: their text, their controls, and how a page is put together."""
