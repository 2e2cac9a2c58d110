"""Writes the generated files, or proves that they are what it would write.

`python tools/generate.py` (`make gen`) writes; `python tools/generate.py --check` (`make fresh`)
changes nothing and exits with 1 when a file differs.
"""

import sys

import generate_evidence
import generate_models
import generate_operations_page
import generate_shapes


def main() -> int:
    """Write or check every generated file."""
    generators = (generate_shapes, generate_models, generate_operations_page, generate_evidence)
    wanted = {path: text for generator in generators for path, text in generator.files().items()}
    stale = [path for path, text in wanted.items() if not path.exists() or path.read_text() != text]
    if "--check" in sys.argv[1:]:
        for path in stale:
            print(f"{path} is not what `make gen` writes")
        return 1 if stale else 0
    for path in stale:
        path.parent.mkdir(exist_ok=True)
        path.write_text(wanted[path])
        print(f"wrote {path}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
