//! What the project's commands and their tests share: the manifests of `infra/k8s`, as Kubernetes would get them.

pub mod manifests;
