"""A contract whose catalogue is as large as one likes: one of ours with one model, many times."""

import shutil
from pathlib import Path

import yaml

from mockserver.data import contracts_dir

SOURCE = "kie"
NAME = "bench"
MODELS = 200
MODEL = "gpt-image-1-5.yaml#/models/gpt-image~11.5-text-to-image"


def write_contract(folder: Path, models: int) -> Path:
    """Write a contract with so many models, each in a file of its own; its folder."""
    source = contracts_dir() / SOURCE
    root = yaml.safe_load((source / "contract.yaml").read_text(encoding="utf-8"))
    root["x-provider"]["name"] = NAME
    file, _, pointer = MODEL.partition("#")
    names = [f"{number:04d}" for number in range(models)]
    shutil.copytree(source / "apis", folder / "apis")
    (folder / "models").mkdir(parents=True)
    for name in names:
        shutil.copy(source / "models" / file, folder / "models" / f"{name}.yaml")
    addresses = [f"models/{name}.yaml#{pointer}" for name in names]
    create = root["components"]["schemas"]["CreateTask"]
    mapping = dict(zip(names, addresses, strict=True))
    create["discriminator"] = {"propertyName": "model", "mapping": mapping}
    create["oneOf"] = [{"$ref": address} for address in addresses]
    text = yaml.safe_dump(root, sort_keys=False, allow_unicode=True)
    (folder / "contract.yaml").write_text(text, encoding="utf-8")
    return folder
