//! QR codes as SVG.

use common::Problem;
use fast_qr::QRBuilder;
use fast_qr::convert::Builder;
use fast_qr::convert::svg::SvgBuilder;

/// The margin that scanners need, in modules (ISO/IEC 18004).
const QUIET_ZONE: usize = 4;

/// A text as a QR code: dark on light in both color schemes, because not all scanners read inverted codes.
pub(crate) fn code(text: &str) -> Result<String, Problem> {
    let code = QRBuilder::new(text).build().map_err(|error| Problem::internal(error.to_string()))?;
    Ok(SvgBuilder::default().margin(QUIET_ZONE).to_str(&code))
}

#[cfg(test)]
mod tests {
    use super::code;

    #[test]
    fn a_qr_code_has_neither_style_nor_script() {
        let svg = code("https://tickets.example/orders/0191").expect("a code");
        assert!(svg.starts_with("<svg ") && svg.ends_with("</svg>"), "{svg}");
        assert!(!svg.contains("style") && !svg.contains("script"), "{svg}");
    }
}
