// Validates custom resources with the models of their projects, and alerts with the grammar of PromQL:
//   node validate.mjs <JSON file with a list of objects>
import { readFileSync } from "node:fs";
import * as certManager from "@kubernetes-models/cert-manager/cert-manager.io/v1";
import * as gateway from "@kubernetes-models/gateway-api/gateway.networking.k8s.io/v1";
import * as prometheus from "@kubernetes-models/prometheus-operator/monitoring.coreos.com/v1";
import { parser } from "@prometheus-io/lezer-promql";

const MODELS = {
  "cert-manager.io/v1": certManager,
  "gateway.networking.k8s.io/v1": gateway,
  "monitoring.coreos.com/v1": prometheus,
};

function validate(object) {
  const models = MODELS[object.apiVersion];
  const Model = models?.[object.kind] ?? models?.default?.[object.kind];
  if (!Model) throw new Error("no model exists");
  new Model(object).validate();
  for (const group of object.kind === "PrometheusRule" ? object.spec.groups : []) {
    for (const { alert, expr } of group.rules) parse(alert, expr);
  }
}

function parse(alert, expression) {
  parser.parse(expression).iterate({
    enter({ type, from }) {
      if (type.isError) throw new Error(`${alert} has a PromQL syntax error at: ${expression.slice(from) || "its end"}`);
    },
  });
}

const objects = JSON.parse(readFileSync(process.argv[2], "utf8"));
for (const object of objects) {
  try {
    validate(object);
  } catch (error) {
    console.error(`${object.kind} ${object.metadata.name}: ${error.message}`);
    process.exitCode = 1;
  }
}
if (!process.exitCode) console.log(`${objects.length} custom resources are valid`);
