// A policy that knows networks, as plugins/prefer-rust is one, in JavaScript: same configuration, same answers.

import { log } from "wwan:plugin/host@0.1.1";

// What the host checks `config` against before this plugin is used.
const SCHEMA = {
  type: "object",
  additionalProperties: false,
  properties: {
    by_network: {
      description: "Names of service providers in order of preference, by the first digits of the network's code.",
      type: "object",
      propertyNames: { pattern: "^[0-9]{3,6}$" },
      additionalProperties: { type: "array", items: { type: "string" } },
    },
    give_up_after: {
      description: "Failures in a row after which the next is tried.",
      type: "integer",
      minimum: 1,
      maximum: 8,
    },
  },
};

export const settings = {
  configSchema: () => JSON.stringify(SCHEMA),
};

export const providerPolicy = {
  // What is thrown here is the error of the contract: the plugin could not decide.
  selectProvider({ network, candidates, config }) {
    const { by_network = {}, give_up_after = 2 } = JSON.parse(config);
    const works = (candidate) => candidate.history.failures < give_up_after;
    const code = preferred(by_network, network?.code);
    if (code !== undefined) {
      const listed = by_network[code].map((name) => candidates.findIndex((candidate) => candidate.name === name));
      const best = listed.find((index) => index >= 0 && works(candidates[index]));
      if (best !== undefined) {
        return { choice: best, reason: `preferred in network ${code}` };
      }
      log("info", `nothing that is preferred in network ${code} works`);
    }
    const index = candidates.findIndex(works);
    if (index < 0) {
      return { choice: undefined, reason: "every one of them fails" };
    }
    const reason = index === 0 ? "nothing is wrong with the first" : `${candidates[index - 1].name} fails`;
    return { choice: index, reason };
  },
};

// The longest listed code that the network's begins with.
function preferred(byNetwork, code) {
  const fits = Object.keys(byNetwork).filter((prefix) => code?.startsWith(prefix));
  return fits.sort((a, b) => b.length - a.length)[0];
}
