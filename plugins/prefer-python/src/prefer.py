"""A policy that knows networks, as plugins/prefer-rust is one, in Python: same configuration, same answers."""

import json
from typing import Optional

from componentize_py_types import Err
from wit_world import exports
from wit_world.exports.provider_policy import Opinion, Question
from wit_world.imports import host
from wit_world.imports.types import Severity

# What the host checks `config` against before this plugin is used.
SCHEMA = {
    "type": "object",
    "additionalProperties": False,
    "properties": {
        "by_network": {
            "description": "Names of service providers in order of preference, by the first digits of the network's code.",
            "type": "object",
            "propertyNames": {"pattern": "^[0-9]{3,6}$"},
            "additionalProperties": {"type": "array", "items": {"type": "string"}},
        },
        "give_up_after": {
            "description": "Failures in a row after which the next is tried.",
            "type": "integer",
            "minimum": 1,
            "maximum": 8,
        },
    },
}


class Settings(exports.Settings):
    def config_schema(self) -> str:
        return json.dumps(SCHEMA)


class ProviderPolicy(exports.ProviderPolicy):
    def select_provider(self, question: Question) -> Opinion:
        try:
            config = json.loads(question.config)
        except ValueError as error:
            # The error of the contract. Any other exception is a trap.
            raise Err(str(error))
        give_up_after = config.get("give_up_after", 2)
        candidates = question.candidates
        works = [candidate.history.failures < give_up_after for candidate in candidates]
        by_network = config.get("by_network", {})
        code = preferred(by_network, question.network and question.network.code)
        if code is not None:
            names = [candidate.name for candidate in candidates]
            listed = [names.index(name) for name in by_network[code] if name in names]
            best = next((index for index in listed if works[index]), None)
            if best is not None:
                return Opinion(best, f"preferred in network {code}")
            host.log(Severity.INFO, f"nothing that is preferred in network {code} works")
        if True not in works:
            return Opinion(None, "every one of them fails")
        index = works.index(True)
        reason = "nothing is wrong with the first" if index == 0 else f"{candidates[index - 1].name} fails"
        return Opinion(index, reason)


def preferred(by_network: dict, code: Optional[str]) -> Optional[str]:
    """The longest listed code that the network's begins with."""
    fits = [prefix for prefix in by_network if code is not None and code.startswith(prefix)]
    return max(fits, key=len, default=None)
