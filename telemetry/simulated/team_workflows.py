"""The jobs of a made-up team's workflows."""

from telemetry.simulated.entities import PlannedJob

WINDOWS, MACOS = ("windows-latest",), ("macos-latest",)
SELF_HOSTED = ("self-hosted", "linux", "x64")
TESTS = ("Set up Python", "Install dependencies", "Run tests")
ANALYSIS = ("Initialize CodeQL", "Perform CodeQL Analysis")

CI = (
    PlannedJob("build", seconds=95, steps=("Set up Python", "Build"), failing=1.5),
    PlannedJob("test (ubuntu-latest, 3.11)", seconds=210, stage=1, steps=TESTS),
    PlannedJob("test (ubuntu-latest, 3.13)", seconds=225, stage=1, steps=TESTS),
    PlannedJob("test (windows-latest, 3.13)", WINDOWS, 340, stage=1, steps=TESTS, failing=2),
    PlannedJob("test (macos-latest, 3.13)", MACOS, 260, stage=1, steps=TESTS),
    PlannedJob("integration / postgres", SELF_HOSTED, 380, stage=1, steps=TESTS, failing=0.5),
    PlannedJob("e2e (firefox)", seconds=300, stage=1, steps=TESTS, failing=5, flaky=True),
    PlannedJob("package", seconds=45, stage=2, steps=("Build", "Upload artifact"), failing=0.2),
)
LINT = (PlannedJob("ruff", seconds=22), PlannedJob("mypy", seconds=58, failing=2))
NIGHTLY = (
    *(PlannedJob(f"full test ({n}/4)", seconds=1_100, steps=TESTS) for n in range(1, 5)),
    PlannedJob("benchmark", SELF_HOSTED, 2_400, steps=("Build", "Run benchmark"), failing=2),
)
COMPATIBILITY = tuple(
    PlannedJob(f"compatibility (3.{python}, {library} {release})", seconds=75, steps=TESTS)
    for python in range(11, 15)
    for library in ("client", "server")
    for release in range(1, 14)
)
RELEASE = (
    PlannedJob("binaries (ubuntu-latest)", seconds=240, steps=("Build",)),
    PlannedJob("binaries (windows-latest)", WINDOWS, 420, steps=("Build",), failing=2),
    PlannedJob("binaries (macos-latest)", MACOS, 380, steps=("Build",)),
    PlannedJob("publish", seconds=60, stage=1, steps=("Publish",), approval=True),
)
PAGES = (
    PlannedJob("build", seconds=30, steps=("Build with Jekyll",)),
    PlannedJob("report-build-status", seconds=4, stage=1, steps=("Report build status",)),
    PlannedJob("deploy", seconds=12, stage=1, steps=("Deploy to GitHub Pages",)),
)
CODEQL = (
    PlannedJob("Analyze (python)", seconds=130, steps=ANALYSIS),
    PlannedJob("Analyze (javascript-typescript)", seconds=95, steps=ANALYSIS),
)
POLICY = (PlannedJob("policy", seconds=9, steps=("Check the title",)),)
