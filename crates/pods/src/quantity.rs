//! Kubernetes's quantities (<https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/quantity/>) in
//! podman's words.

use crate::PodsError;

/// `192Mi` is podman's `192m`.
pub(crate) fn memory(quantity: &str) -> Result<String, PodsError> {
    let units = [("Ki", "k"), ("Mi", "m"), ("Gi", "g")];
    let found = units.iter().find_map(|(unit, short)| {
        let number: u64 = quantity.strip_suffix(unit)?.parse().ok()?;
        Some(format!("{number}{short}"))
    });
    found.ok_or_else(|| PodsError::manifest(format!("`{quantity}` is no amount of memory in Ki, Mi or Gi")))
}

/// `500m` and `0.5` are half a processor.
pub(crate) fn processors(quantity: &str) -> Result<String, PodsError> {
    let thousandths = quantity.strip_suffix('m').map(|number| number.parse::<f64>().map(|all| all / 1000.0));
    let number = thousandths.unwrap_or_else(|| quantity.parse());
    number
        .map(|number| number.to_string())
        .map_err(|_| PodsError::manifest(format!("`{quantity}` is no number of processors")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantities_become_podmans() {
        assert_eq!(memory("192Mi").unwrap(), "192m");
        assert_eq!(memory("1Gi").unwrap(), "1g");
        assert_eq!(processors("500m").unwrap(), "0.5");
        assert_eq!(processors("2").unwrap(), "2");
        assert!(memory("192").is_err() && memory("Mi").is_err() && processors("half").is_err());
    }
}
