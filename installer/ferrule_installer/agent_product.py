# SPDX-License-Identifier: MIT
"""agent_product - an agent as .run and as .deb: its command, menu entry and icon."""

import gzip
import os
from pathlib import Path

from ferrule._installer import deb, product, runfile, tarball
from ferrule._installer.agent_files import File
from ferrule._installer.runtime import FOLDER, Runtime

# Where a runtime looks for the agent whose name it is called by, host/cli/cli-installed.c.
AGENTS = "lib/ferrule-agents"
COMMAND = f"{FOLDER}/ferrule"
DEB_MAINTAINER = "Unknown <unknown@example.org>"


def _one_line(text):
    return " ".join(text.split())


def _desktop_entry(manifest, command, mark=""):
    """A menu entry; `command` as Exec wants it."""
    values = manifest.values
    terminal = "true" if values.get("terminal", True) else "false"
    categories = "".join(f"{name};" for name in values.get("categories", ["Utility"]))
    escaped = {key: _one_line(text).replace("\\", "\\\\")
               for key, text in (("Name", manifest.title), ("Comment", manifest.summary))}  # fmt: skip
    lines = [mark, "[Desktop Entry]", "Type=Application", f"Name={escaped['Name']}",
             f"Comment={escaped['Comment']}", f"Exec={command}", f"Terminal={terminal}",
             f"Categories={categories}"]  # fmt: skip
    if "icon" in values:
        lines.append(f"Icon={manifest.name}")
    return "\n".join(line for line in lines if line) + "\n"


def _icon_place(manifest):
    """Where below share/ the icon belongs, or None."""
    icon = manifest.values.get("icon")
    if icon is None:
        return None
    suffix = Path(icon).suffix
    size = "scalable" if suffix == ".svg" else "128x128"
    return f"share/icons/hicolor/{size}/apps/{manifest.name}{suffix}"


def make_run(agent, options):
    """An installer with runtime and agent as bytes."""
    manifest = agent.manifest
    runtime = Runtime(options.runtime)
    folder = f"{AGENTS}/{manifest.name}"
    entry = _desktop_entry(manifest, f'"@CURRENT@/{COMMAND}" run "@CURRENT@/{folder}"',
                           "@MARK@")
    own = {f"{folder}/{name}": file for name, file in agent.files.items()}
    own["templates/desktop"] = File(entry.encode())
    own[f"share/doc/{manifest.name}/{manifest.name}.spdx.json"] = File(agent.sbom)
    rendered = {f"share/applications/{manifest.name}.desktop": "templates/desktop"}
    links = {f"bin/{manifest.name}": COMMAND}
    icon = _icon_place(manifest)
    if icon:
        links[icon] = f"{folder}/{manifest.values['icon']}"
    files = {**runtime.files, **own}
    text = product.describe("agent", manifest.name, manifest.version, manifest.title,
                            files, links, rendered)  # fmt: skip
    own["product/agent.json"] = File(text)
    payload = runtime.stream + tarball.compress(tarball.pack(own))
    return runfile.make("agent", manifest.name, manifest.title, manifest.version,
                        runtime.unpacker, payload,
                        sum(len(file.data) for file in files.values()))  # fmt: skip


def make_deb(agent, options):
    """A Debian package that depends on that of the runtime."""
    manifest = agent.manifest
    values, name = manifest.values, manifest.name
    package = name.replace("_", "-")
    root = f"usr/{AGENTS}/{name}"
    files = {f"{root}/{path}": file for path, file in agent.files.items()}
    entry = _desktop_entry(manifest, name)
    files[f"usr/share/applications/{name}.desktop"] = File(entry.encode())
    files[f"usr/share/doc/{package}/copyright"] = File(_copyright(manifest).encode())
    files[f"usr/share/doc/{package}/{name}.spdx.json.gz"] = File(
        gzip.compress(agent.sbom, 9, mtime=0))
    icon = _icon_place(manifest)
    if icon:
        files[f"usr/{icon}"] = agent.files[values["icon"]]
    fields = {
        "Package": package, "Version": manifest.version,
        "Architecture": "all" if agent.platform == "any" else deb.MACHINES[os.uname().machine],
        "Maintainer": values.get("maintainer", DEB_MAINTAINER),
        "Depends": f"ferrule (>= {_own_version()})", "Section": "utils",
        "Priority": "optional", "Homepage": values.get("homepage", ""),
    }  # fmt: skip
    description = f"{manifest.summary}\n{values.get('description', manifest.title)}"
    return deb.make(fields, description, files, {f"usr/bin/{name}": f"../{COMMAND}"})


def _own_version():
    import _ferrule_host

    return _ferrule_host.version


def _copyright(manifest):
    licence = manifest.values.get("license", "not stated by the author")
    return (f"{manifest.title} {manifest.version}\n\nLicence: {licence}\n"
            "Packages in the folder vendor have licences of their own, in their "
            "*.dist-info.\n")  # fmt: skip
