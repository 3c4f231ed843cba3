"""The overlays, rendered by kubectl and held against the schemas of three Kubernetes versions.

Nothing here asks a network: both tools come with what they need (`make check` installs them).
"""

import copy
import shutil
import subprocess
import sys
from collections.abc import Iterator
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from deploy.test_image import COMMANDS, settings_of
from guerdon.settings import Settings

pytestmark = pytest.mark.deploy

OVERLAYS = ("demo", "production")
VERSIONS = ("1.35", "1.36", "1.37")
"""The current version of Kubernetes and the two before it."""

SHARED = "100.64.0.0/10"
"""What some clouds give to pods: nobody's on the internet either."""

Resource = dict[str, Any]


def render(overlay: Path) -> list[Resource]:
    """Return what `kubectl kustomize` makes of an overlay."""
    kubectl = Path(sys.executable).with_name("kubectl")
    done = subprocess.run(
        [str(kubectl), "kustomize", str(overlay)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr == "", "kubectl warns"
    return [found for found in YAML(typ="safe").load_all(done.stdout) if found]


def validate(resource: Resource, version: str) -> None:
    """Hold a resource against the strict schema of a version."""
    import kubernetes_validate

    kubernetes_validate.validate(resource, version, strict=True)


def mistakes(resources: list[Resource], version: str) -> list[str]:
    """Return what is wrong, each with what it is wrong about."""
    import kubernetes_validate

    found = []
    for resource in resources:
        try:
            validate(resource, version)
        except (
            kubernetes_validate.ValidationError,
            kubernetes_validate.SchemaNotFoundError,
        ) as error:
            found.append(f"{resource['kind']} {resource['metadata']['name']}: {error.message}")
    return found


@pytest.fixture(scope="module", params=OVERLAYS)
def overlay(request: pytest.FixtureRequest, root: Path) -> list[Resource]:
    return render(root / "k8s" / "overlays" / request.param)


@pytest.fixture(scope="module")
def production(root: Path) -> list[Resource]:
    return render(root / "k8s" / "overlays" / "production")


def of_kind(resources: list[Resource], kind: str) -> dict[str, Resource]:
    return {each["metadata"]["name"]: each for each in resources if each["kind"] == kind}


def pods(resources: list[Resource]) -> Iterator[tuple[str, Resource, Resource]]:
    """Yield the name, the pod and the container of everything that runs guerdon's image."""
    for each in resources:
        if each["kind"] in {"Deployment", "Job"}:
            pod = each["spec"]["template"]["spec"]
            for container in pod["containers"]:
                if "guerdon:" in container["image"]:
                    yield each["metadata"]["name"], pod, container


@pytest.mark.parametrize("version", VERSIONS)
def test_both_overlays_are_right_for_the_version(overlay: list[Resource], version: str) -> None:
    assert len(overlay) > 10
    assert mistakes(overlay, version) == []


@pytest.mark.parametrize("version", VERSIONS)
def test_planted_mistakes_are_caught(production: list[Resource], version: str) -> None:
    planted = []
    for kind, path, value in (
        ("Deployment", ("spec", "replicas"), "two"),
        ("Deployment", ("spec", "template", "spec", "terminationGracePeriod"), 30),
        ("HorizontalPodAutoscaler", ("spec", "maxReplicas"), None),
        ("NetworkPolicy", ("spec", "podSelektor"), {}),
        ("Ingress", ("apiVersion",), "extensions/v1beta1"),
    ):
        wrong = copy.deepcopy(next(each for each in production if each["kind"] == kind))
        place = wrong
        for part in path[:-1]:
            place = place[part]
        place[path[-1]] = value
        planted.append(wrong)

    assert len(mistakes(planted, version)) == len(planted)


def test_a_mistake_in_a_file_is_caught_where_make_check_looks(root: Path, tmp_path: Path) -> None:
    shutil.copytree(root / "k8s", tmp_path / "k8s")
    file = tmp_path / "k8s" / "base" / "worker.yaml"
    file.write_text(file.read_text().replace("periodSeconds: 10", "periodSeconds: often"))

    rendered = render(tmp_path / "k8s" / "overlays" / "production")

    assert [it.partition(":")[0] for it in mistakes(rendered, VERSIONS[-1])] == [
        "Deployment guerdon-worker"
    ]


def test_every_pod_is_confined_and_has_requests_limits_and_probes(
    overlay: list[Resource],
) -> None:
    found = list(pods(overlay))

    assert {container["args"][0] for _, _, container in found} == set(COMMANDS)
    for name, pod, container in found:
        assert pod["securityContext"]["runAsNonRoot"] is True
        assert pod["automountServiceAccountToken"] is False
        assert pod["enableServiceLinks"] is False, "GUERDON_PORT would be a service's address"
        assert container["securityContext"]["readOnlyRootFilesystem"] is True
        assert container["securityContext"]["allowPrivilegeEscalation"] is False
        assert container["securityContext"]["capabilities"] == {"drop": ["ALL"]}
        assert {"cpu", "memory"} == set(container["resources"]["requests"])
        assert {"cpu", "memory"} == set(container["resources"]["limits"])
        if name != "guerdon-migrate":
            assert {"startupProbe", "livenessProbe", "readinessProbe"} <= set(container)
            assert pod["topologySpreadConstraints"]


def test_ending_takes_longer_than_processes_do(overlay: list[Resource]) -> None:
    settings = Settings.load(mongo_url="mongodb://db", redis_url="redis://c")
    for _, pod, container in pods(overlay):
        before = container.get("lifecycle", {}).get("preStop", {}).get("sleep", {})
        ending = max(settings.shutdown_seconds, settings.worker_shutdown_seconds)
        assert pod["terminationGracePeriodSeconds"] >= ending + before.get("seconds", 0) + 2


def test_settings_are_guerdons_and_secrets_are_referred_to(overlay: list[Resource]) -> None:
    maps = of_kind(overlay, "ConfigMap")
    for name, pod, container in pods(overlay):
        names = [ref["configMapRef"]["name"] for ref in container["envFrom"]]
        given = {key: it for name in names for key, it in maps[name]["data"].items()}
        own = {each["name"]: each["value"] for each in container["env"]}
        assert settings_of(given)
        files = {name.removesuffix("_file") for name in settings_of(own)}
        owned = set() if name == "guerdon-migrate" else {"mongo_owner_url"}
        assert files == set(Settings.secret_names()) - owned
        (mounted,) = (
            it["mountPath"] for it in container["volumeMounts"] if it["name"] == "secrets"
        )
        assert all(path.startswith(f"{mounted}/") for path in own.values())
        (secret,) = (it["secret"] for it in pod["volumes"] if it["name"] == "secrets")
        assert secret["secretName"].startswith("guerdon-secrets")
        assert {f"{mounted}/{it['path']}" for it in secret["items"]} == set(own.values())


def test_the_ingress_is_trusted_and_nobody_else_reaches_the_api(overlay: list[Resource]) -> None:
    (given,) = (
        it["data"]
        for name, it in of_kind(overlay, "ConfigMap").items()
        if name.startswith("guerdon-settings")
    )
    (rule,) = of_kind(overlay, "NetworkPolicy")["guerdon-api"]["spec"]["ingress"]
    trusted = [ip_network(each) for each in given["GUERDON_TRUSTED_PROXIES"].split(",")]

    assert any(ip_address("10.42.0.7") in network for network in trusted)
    assert all(network.is_private or str(network) == SHARED for network in trusted)
    assert [list(each) for each in rule["from"]] == [["namespaceSelector"]]
    assert [port["port"] for port in rule["ports"]] == ["http"]


def test_production_holds_no_secret(production: list[Resource]) -> None:
    assert of_kind(production, "Secret") == {}


def test_selectors_find_the_pods_that_they_are_meant_for(production: list[Resource]) -> None:
    labels = {
        name: each["spec"]["template"]["metadata"]["labels"]
        for name, each in of_kind(production, "Deployment").items()
    }

    def selected(selector: Resource) -> set[str]:
        return {name for name, has in labels.items() if selector.items() <= has.items()}

    service = of_kind(production, "Service")["guerdon"]
    assert selected(service["spec"]["selector"]) == {"guerdon-api"}
    for name, budget in of_kind(production, "PodDisruptionBudget").items():
        assert selected(budget["spec"]["selector"]["matchLabels"]) == {name}
    policies = of_kind(production, "NetworkPolicy")
    assert selected(policies["guerdon"]["spec"]["podSelector"]["matchLabels"]) == set(labels)
    assert selected(policies["guerdon-api"]["spec"]["podSelector"]["matchLabels"]) == {
        "guerdon-api"
    }


def test_the_numbers_of_api_and_workers_follow_what_running_processes_show(
    production: list[Resource],
) -> None:
    scalers = of_kind(production, "HorizontalPodAutoscaler")
    deployments = of_kind(production, "Deployment")

    assert set(scalers) == {"guerdon-api", "guerdon-worker"}
    for name, scaler in scalers.items():
        assert scaler["spec"]["scaleTargetRef"]["name"] == name
        assert "replicas" not in deployments[name]["spec"], "it would be set back at each roll-out"


def test_the_roll_out_is_a_script_that_the_shell_can_read(root: Path) -> None:
    done = subprocess.run(["sh", "-n", str(root / "k8s" / "roll-out")], check=False)

    assert done.returncode == 0
