text = "mallory"
while True:
    text += text
