for name in ("page.html", "drawing.svg", "page.xhtml", "data.json", "noextension", "double.csv.html"):
    with open(f"/outputs/{name}", "w") as file:
        file.write("<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'><script>alert(document.cookie)</script></svg>")
