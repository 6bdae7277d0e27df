"""A bare Streamlit page of two small charts, against which the lab's pages are timed."""

import plotly.graph_objects as go
import streamlit as st

step = st.slider("step", 0, 100, 50, key="step")
x = list(range(20))
st.plotly_chart(go.Figure(go.Scatter(x=x, y=[value * step for value in x])), key="line")
st.plotly_chart(go.Figure(go.Bar(x=x, y=[value + step for value in x])), key="bar")
