"""Text in the language of the visitor: catalogues, numerals."""
