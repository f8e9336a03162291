// Validates custom resources against the models of their projects: node validate.mjs <file of JSON, a list of objects>
import { readFileSync } from "node:fs";
import * as certManager from "@kubernetes-models/cert-manager/cert-manager.io/v1";
import * as gateway from "@kubernetes-models/gateway-api/gateway.networking.k8s.io/v1";
import * as prometheus from "@kubernetes-models/prometheus-operator/monitoring.coreos.com/v1";

const MODELS = {
  "cert-manager.io/v1": certManager,
  "gateway.networking.k8s.io/v1": gateway,
  "monitoring.coreos.com/v1": prometheus,
};

const objects = JSON.parse(readFileSync(process.argv[2], "utf8"));
let wrong = 0;
for (const object of objects) {
  const models = MODELS[object.apiVersion];
  const Model = models?.[object.kind] ?? models?.default?.[object.kind];
  try {
    if (!Model) throw new Error("there is no model of it");
    new Model(object).validate();
  } catch (error) {
    wrong += 1;
    console.error(`${object.kind} ${object.metadata.name}: ${error.message}`);
  }
}
console.log(`${objects.length - wrong} custom resources are valid`);
process.exitCode = wrong ? 1 : 0;
