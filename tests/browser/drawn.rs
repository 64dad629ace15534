//! What charts write onto their canvases, where no selector finds it.

use crate::chromium::Page;
use serde_json::json;

/// Keeps every text with the canvas that it was drawn onto.
const KEEPS: &str = "(() => {
  const fillText = CanvasRenderingContext2D.prototype.fillText;
  window.drawn = [];
  CanvasRenderingContext2D.prototype.fillText = function (text, ...place) {
    window.drawn.push([this.canvas, String(text)]);
    return fillText.call(this, text, ...place);
  };
})()";

/// Has the page keep what is drawn, from its next load on.
pub fn keep(page: &Page) {
    page.call(
        "Page.addScriptToEvaluateOnNewDocument",
        json!({"source": KEEPS}),
    );
}

/// The texts on the canvases that are within the element of `selector` now.
pub fn texts(page: &Page, selector: &str) -> Vec<String> {
    let wanted = json!(selector);
    let texts = page.evaluate(&format!(
        "drawn.filter(([canvas]) => document.querySelector({wanted}).contains(canvas)).map(([, text]) => text)"
    ));
    let texts = texts.as_array().expect("a list").iter();
    texts
        .map(|text| text.as_str().unwrap_or_default().to_owned())
        .collect()
}

/// Whether a text is a duration with its unit, like `18.4 ms`.
pub fn is_duration(text: &str) -> bool {
    let Some((number, unit)) = text.split_once(' ') else {
        return false;
    };
    number.parse::<f64>().is_ok() && ["µs", "ms", "s"].contains(&unit)
}
