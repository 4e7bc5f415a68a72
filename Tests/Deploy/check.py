"""Holds what is in deploy/, and the files that platforms read, to the schemas and linters of their kind, and to each other.

bin/test --all runs it by the interpreter of .build/tools, where bin/setup --tests puts what it uses:
    .build/tools/bin/python3 -B Tests/Deploy/check.py [PROGRAM]
PROGRAM is the release, whose bill of materials is checked too.
"""

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import yaml

os.chdir(Path(__file__).parents[2])
TOOLS = Path(sys.executable).parent
PATH = os.environ["PATH"] + ":/usr/sbin:/sbin"
faults = 0
checks = 0


def expect(condition, what):
    global faults, checks
    checks += 1
    if not condition:
        faults += 1
        print(f"deploy: {what}", file=sys.stderr)


def run(what, *command, input=None):
    """Runs a linter, which has to be content."""
    program = shutil.which(str(command[0]), path=PATH)
    if program is None:
        expect(False, f"{what}: there is no {command[0]}. Please type: bin/setup --tests")
        return ""
    done = subprocess.run([program, *map(str, command[1:])], input=input, capture_output=True, text=True)
    expect(done.returncode == 0, f"{what}: {done.stdout}{done.stderr}")
    return done.stdout


def documents(path):
    return [document for document in yaml.safe_load_all(Path(path).read_text()) if document]


def dockerfile():
    # Debian's stable release has one version of a package at a time, and takes the former one away.
    run("Dockerfile", TOOLS / "hadolint", "--ignore", "DL3008", "Dockerfile")


def schemas():
    def check(schema, *files):
        run(", ".join(files), TOOLS / "check-jsonschema", *schema, *files)

    check(["--builtin-schema", "vendor.compose-spec"], "deploy/compose.yaml")
    for schema in ["vendor.github-workflows", "github-workflows-require-timeout"]:
        check(["--builtin-schema", schema], ".github/workflows/test.yml", "Templates/service/.github/workflows/test.yml")
    check(["--schemafile", "Tests/Deploy/app.schema.json"], "app.json")
    check(["--schemafile", "Tests/Deploy/devcontainer.schema.json"], ".devcontainer/devcontainer.json")
    # Every package that Aptfile names is one of Debian's.
    for line in Path("Aptfile").read_text().splitlines():
        if not line.startswith("#"):
            run("Aptfile", "apt-cache", "show", "--no-all-versions", line)
    # Procfile finds the program where a buildpack leaves it.
    with tempfile.TemporaryDirectory() as folder:
        product = re.search(r"--product (\S+)", Path("app.json").read_text())[1].rstrip('",')
        Path(folder, ".swift-bin").mkdir()
        Path(folder, ".swift-bin", product).write_text("#!/bin/sh\necho it is $1\n")
        Path(folder, ".swift-bin", product).chmod(0o755)
        run("bin/post_install", "bin/post_install", folder, folder, folder)
        web = re.search(r"^web: (.*)$", Path("Procfile").read_text(), re.M)[1]
        said = run("Procfile's web after a buildpack", "bash", "-c", f"cd {folder} && {web}")
        expect(said == "it is serve\n", f"Procfile's web after a buildpack says {said!r}")
    # Container and workflow build with the base of the image.
    base = re.search(r"^ARG BUILD_BASE=(\S+)", Path("Dockerfile").read_text(), re.M)[1]
    for path in [".github/workflows/test.yml", ".devcontainer/devcontainer.json"]:
        expect(base in Path(path).read_text(), f"{path} does not use {base}, as the Dockerfile does")


def compose():
    run("deploy/compose.yaml", TOOLS / "podman-compose", "--file", "deploy/compose.yaml", "config")
    composition = documents("deploy/compose.yaml")[0]
    services = composition["services"]
    expect(services["web"]["deploy"]["replicas"] == 3, "deploy/compose.yaml: there are not three instances")
    for name, service in services.items():
        for volume in service.get("volumes", []):
            source = volume.split(":")[0]
            if source.startswith("."):
                expect(Path("deploy", source).exists(), f"deploy/compose.yaml: {name} mounts {source}, which is not there")
        for other in service.get("depends_on", {}):
            expect(other in services, f"deploy/compose.yaml: {name} depends on {other}, which is not there")
    token = services["web"]["environment"]["OPS_TOKEN"]
    scraped = documents("deploy/compose/prometheus.yml")[0]["scrape_configs"]
    for job in scraped:
        expect(job["authorization"]["credentials"] == token, "deploy/compose/prometheus.yml has another OPS_TOKEN")
        for target in job["dns_sd_configs"]:
            expect(set(target["names"]) <= set(services), f"deploy/compose/prometheus.yml scrapes {target['names']}")
            expect(str(target["port"]) == services["web"]["environment"]["OPS_PORT"], "it scrapes another port")

    with tempfile.TemporaryDirectory() as folder:
        configuration = Path("deploy/compose/nginx.conf").read_text()
        expect("server web:8080 resolve" in configuration, "deploy/compose/nginx.conf does not follow the instances")
        address = services["balancer"]["networks"]["default"]["ipv4_address"]
        expect(
            services["web"]["environment"]["TRUSTED_PROXIES"] == address,
            "deploy/compose.yaml: others than nginx are believed, or nginx is not",
        )
        for proxy in [configuration, Path("deploy/nginx/service.conf").read_text(), Path("deploy/haproxy/haproxy.cfg").read_text()]:
            for field in ["X-Forwarded-For", "X-Forwarded-Proto", "X-Forwarded-Host"]:
                ways = [f"proxy_set_header {field} ", f"http-request set-header {field} "]
                # HAProxy's own word for this one.
                ways += ["option forwardfor"] if field == "X-Forwarded-For" else []
                expect(any(way in proxy for way in ways), f"a proxy passes on {field} as a client sent it")
        # A name that only Docker knows, and a word that nginx has since 1.27.3.
        configuration = configuration.replace("web:8080 resolve", "127.0.0.1:8080").replace("listen 80;", "listen 8080;")
        Path(folder, "nginx.conf").write_text(
            f"error_log stderr; pid {folder}/pid; events {{}} http {{ access_log off;\n{configuration}}}"
        )
        run("deploy/compose/nginx.conf", "nginx", "-t", "-q", "-p", folder, "-c", f"{folder}/nginx.conf")


def prometheus():
    for path in ["deploy/prometheus/prometheus.yml", "deploy/compose/prometheus.yml", "deploy/kubernetes/monitoring/prometheus.yml"]:
        with tempfile.TemporaryDirectory() as folder:
            token = Path(folder, "token")
            token.write_text("x")
            text = Path(path).read_text().replace("/run/secrets/ops_token", str(token))
            # Debian builds Prometheus without what finds pods.
            text = text.replace("kubernetes_sd_configs: [{role: pod}]", 'static_configs: [{targets: ["127.0.0.1:9090"]}]')
            Path(folder, "prometheus.yml").write_text(text)
            shutil.copy("deploy/prometheus/alerts.yml", folder)
            run(path, "promtool", "check", "config", f"{folder}/prometheus.yml")


def kubernetes():
    files = sorted(str(path) for path in Path("deploy/kubernetes").glob("*.yaml"))
    for version in ["1.30", "1.35"]:
        run(f"Kubernetes {version}", TOOLS / "kubernetes-validate", "--strict", "-k", version, *files)
    objects = [object for path in files for object in documents(path)]
    kinds = {object["kind"] for object in objects}
    expected = {"Deployment", "Service", "PodDisruptionBudget", "HorizontalPodAutoscaler", "NetworkPolicy", "Job"}
    expect(expected <= kinds, f"Kubernetes: there is no {', '.join(expected - kinds)}")

    pods = {object["metadata"]["name"]: object["spec"]["template"] for object in objects if "template" in object["spec"]}
    for name, pod in pods.items():
        spec = pod["spec"]
        expect(spec["securityContext"]["runAsNonRoot"], f"Kubernetes: {name} may run as root")
        expect(spec["securityContext"]["seccompProfile"]["type"] == "RuntimeDefault", f"Kubernetes: {name} has no seccomp")
        expect(spec["automountServiceAccountToken"] is False, f"Kubernetes: {name} gets a token it has no use for")
        for container in spec["containers"]:
            context = container["securityContext"]
            expect(context["readOnlyRootFilesystem"], f"Kubernetes: {name} may write its root file system")
            expect(context["allowPrivilegeEscalation"] is False, f"Kubernetes: {name} may gain privileges")
            expect(context["capabilities"] == {"drop": ["ALL"]}, f"Kubernetes: {name} has capabilities")
            expect("memory" in container["resources"]["limits"], f"Kubernetes: {name} has no limit of memory")
            ports = {port["name"] for port in container.get("ports", [])}
            for probe in ["startupProbe", "readinessProbe", "livenessProbe"]:
                if probe in container:
                    expect(container[probe]["httpGet"]["port"] in ports, f"Kubernetes: {probe} of {name} asks no port")
    web = pods["service"]["spec"]
    container = web["containers"][0]
    stop = container["lifecycle"]["preStop"]["sleep"]["seconds"] + 20
    expect(web["terminationGracePeriodSeconds"] > stop, "Kubernetes: a pod is killed before SHUTDOWN_TIMEOUT is over")
    for object in objects:
        selector = object["spec"].get("selector") or object["spec"].get("podSelector")
        if selector:
            labels = selector.get("matchLabels", selector).items()
            matched = [pod for pod in pods.values() if labels <= pod["metadata"]["labels"].items()]
            expect(matched, f"Kubernetes: {object['kind']} {object['metadata']['name']} selects nothing")
    images = {container["image"] for pod in pods.values() for container in pod["spec"]["containers"]}
    expect(len(images) == 1, f"Kubernetes: one release has the images {images}")


def autoscaler():
    scaler = documents("deploy/kubernetes/autoscaler.yaml")[0]["spec"]
    rule = documents("deploy/kubernetes/monitoring/prometheus-adapter.yaml")[0]["rules"]["custom"][0]
    metrics = [metric["pods"]["metric"]["name"] for metric in scaler["metrics"] if metric["type"] == "Pods"]
    expect(metrics == [rule["name"]["as"]], "the autoscaler asks for what the adapter does not have")
    series = rule["seriesQuery"].split("{")[0]
    query = rule["metricsQuery"].replace("<<.Series>>", series).replace("<<.GroupBy>>", "pod")
    query = query.replace("<<.LabelMatchers>>", 'namespace="shop",pod=~"a|b|c"')
    with tempfile.TemporaryDirectory() as folder:
        rules = {"groups": [{"name": "adapter", "rules": [{"record": "waited", "expr": query}]}]}
        Path(folder, "rules.yml").write_text(yaml.safe_dump(rules))
        # Of a's requests all have waited between 100 and 250 ms; b's none; c was never asked.
        samples = [("a", "0.1", 0), ("a", "0.25", 10), ("a", "+Inf", 10), ("b", "0.1", 10), ("b", "0.25", 10), ("b", "+Inf", 10)]
        samples += [("c", bound, 0) for bound in ["0.1", "0.25", "+Inf"]]
        given = [
            {"series": f'{series}{{namespace="shop",pod="{pod}",le="{bound}"}}', "values": f"0+{each}x20"}
            for pod, bound, each in samples
        ]
        wanted = [("a", 0.235), ("b", 0.09), ("c", 0)]
        test = {
            "rule_files": ["rules.yml"],
            "tests": [
                {
                    "interval": "15s",
                    "input_series": given,
                    "promql_expr_test": [
                        {
                            "expr": "round(waited, 0.001)",
                            "eval_time": "5m",
                            "exp_samples": [{"labels": f'{{pod="{pod}"}}', "value": value} for pod, value in wanted],
                        }
                    ],
                }
            ],
        }
        Path(folder, "test.yml").write_text(yaml.safe_dump(test))
        run("the autoscaler's metric", "promtool", "test", "rules", f"{folder}/test.yml")


def bill(program):
    from cyclonedx.schema import OutputFormat, SchemaVersion
    from cyclonedx.validation import make_schemabased_validator
    from packageurl import PackageURL

    written = run("version --sbom", program, "version", "--sbom")
    if not written:
        return
    fault = make_schemabased_validator(OutputFormat.JSON, SchemaVersion.V1_6).validate_str(written)
    expect(fault is None, f"version --sbom is no CycloneDX 1.6: {fault}")
    expect(run("version --sbom", program, "version", "--sbom") == written, "version --sbom says something else each time")
    document = json.loads(written)
    components = {component["bom-ref"]: component for component in document["components"]}
    for component in components.values():
        url = component.get("purl")
        if url:
            expect(PackageURL.from_string(url).to_string() == url, f"{url} is not written as package URLs are")
    version = run("version", program, "version").split()
    expect(document["metadata"]["component"]["version"] == version[0], "the bill is of another release")
    expect(document["metadata"]["timestamp"] == version[1], "the bill is of another date")
    # Every release that is linked, as the lock has it.
    if os.path.exists("Package.resolved"):
        pins = {pin["identity"]: pin["state"] for pin in json.loads(Path("Package.resolved").read_text())["pins"]}
        linked = {component["name"]: component for ref, component in components.items() if ref.startswith("swift:")}
        for name in ["swift-argument-parser", "swift-configuration", "swift-http-types", "swift-log", "swift-metrics"]:
            component = linked.get(name, {})
            expect(component.get("version") == pins[name]["version"], f"the bill has no {name} {pins[name]['version']}")
            expect(component.get("licenses"), f"the bill does not say the licence of {name}")
            expect(component.get("purl", "").endswith(f"/{name}@{pins[name]['version']}"), f"{name} has no package URL")
        expect(linked.keys() <= pins.keys() | {"swift", "panal"}, f"the bill has {linked.keys() - pins.keys()}")
        expect(linked["swift"].get("version"), "the bill does not say which Swift's library is linked")
    # What the dynamic linker loads before the program begins, and what it loads itself.
    needed = re.findall(r"Shared library: \[(.*?)\]", run("readelf", "readelf", "--dynamic", program))
    files = {os.path.basename(place["location"]) for component in components.values()
             for place in component.get("evidence", {}).get("occurrences", [])}
    for library in needed:
        expect(any(file.startswith(library) for file in files), f"the bill has no {library}")
    for library in ["libpq.so.5", "libcurl"]:
        expect(any(file.startswith(library) for file in files), f"the bill has no {library}, which is on this host")
    sqlite = next((c for c in components.values() if c["name"].startswith("libsqlite3")), {})
    owner = subprocess.run(["dpkg-query", "-W", "-f", "${Version}", "libsqlite3-0"], capture_output=True, text=True)
    if owner.returncode == 0:
        expect(sqlite.get("version") == owner.stdout, f"the bill says libsqlite3-0 {sqlite.get('version')}, not {owner.stdout}")
        expect(sqlite.get("purl", "").startswith("pkg:deb/"), "libsqlite3-0 has no package URL")
    refs = components.keys() | {document["metadata"]["component"]["bom-ref"]}
    for entry in document["dependencies"]:
        expect({entry["ref"], *entry["dependsOn"]} <= refs, f"{entry['ref']} depends on what the bill has not")
    # Nothing of the machine that built it.
    expect(os.getcwd() not in written, "the bill tells where it was built")


for check in [dockerfile, schemas, compose, prometheus, kubernetes, autoscaler]:
    check()
if len(sys.argv) > 1:
    bill(sys.argv[1])
if faults:
    sys.exit(f"deploy: {faults} of {checks} checks failed")
print(f"deploy: {checks} checks of image, composition, manifests, workflow and bill of materials passed")
