//! From one brand colour to the accent tokens of both themes, readable by computation (WCAG 2.2 §1.4.3).

type Rgb = [u8; 3];

/// The brightest and the dimmest of the backgrounds that accent-coloured text appears on; `style/tokens.css` agrees.
const LIGHT_SURFACES: [Rgb; 2] = [[0xff, 0xff, 0xff], [0xf4, 0xf5, 0xf7]];
const DARK_SURFACES: [Rgb; 2] = [[0x0f, 0x12, 0x16], [0x1d, 0x22, 0x2a]];
const INK: Rgb = [0x0f, 0x12, 0x16];
const WHITE: Rgb = [0xff, 0xff, 0xff];
const BLACK: Rgb = [0, 0, 0];
const ENOUGH: f64 = 4.5;

/// The accent tokens of one theme.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Accent {
    /// Links, primary buttons, marks.
    pub accent: Rgb,
    /// Text on `accent`.
    pub contrast: Rgb,
    /// A tint behind `accent`-coloured text.
    pub soft: Rgb,
}

/// The stylesheet that gives an organization its accent, for a colour written `#rgb` or `#rrggbb`; `None` for
/// anything else.
#[must_use]
pub fn accent_stylesheet(hex: &str) -> Option<String> {
    let brand = parse(hex)?;
    let (light, dark) = (light_accent(brand), dark_accent(brand));
    let token = |name: &str, light: Rgb, dark: Rgb| format!("{name}:light-dark({},{})", write(light), write(dark));
    Some(format!(
        ":root{{{};{};{}}}",
        token("--accent", light.accent, dark.accent),
        token("--accent-contrast", light.contrast, dark.contrast),
        token("--accent-soft", light.soft, dark.soft),
    ))
}

/// Darkens `brand` until it reads on every light surface and on its own tint.
#[must_use]
pub fn light_accent(brand: Rgb) -> Accent {
    readable(brand, BLACK, &LIGHT_SURFACES, WHITE, 0.10)
}

/// Lightens `brand` until it reads on every dark surface and on its own tint.
#[must_use]
pub fn dark_accent(brand: Rgb) -> Accent {
    readable(brand, WHITE, &DARK_SURFACES, INK, 0.16)
}

fn readable(brand: Rgb, towards: Rgb, surfaces: &[Rgb; 2], contrast: Rgb, tint: f64) -> Accent {
    let candidate = |step: u8| {
        let accent = mix(brand, towards, f64::from(step) / 50.0);
        Accent {
            accent,
            contrast,
            soft: mix(surfaces[0], accent, tint),
        }
    };
    let reads = |candidate: &Accent| {
        surfaces
            .iter()
            .chain([&candidate.soft, &contrast])
            .all(|&under| contrast_ratio(candidate.accent, under) >= ENOUGH)
    };
    (0..=50).map(candidate).find(reads).unwrap_or_else(|| candidate(50))
}

/// The contrast ratio of two colours, from 1 to 21 (WCAG 2.2, "contrast ratio").
#[must_use]
pub fn contrast_ratio(one: Rgb, other: Rgb) -> f64 {
    let (one, other) = (luminance(one), luminance(other));
    (one.max(other) + 0.05) / (one.min(other) + 0.05)
}

fn luminance(colour: Rgb) -> f64 {
    let [red, green, blue] = colour.map(|channel| {
        let value = f64::from(channel) / 255.0;
        if value <= 0.04045 {
            value / 12.92
        } else {
            ((value + 0.055) / 1.055).powf(2.4)
        }
    });
    0.2126 * red + 0.7152 * green + 0.0722 * blue
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a mix of two bytes is between them"
)]
fn mix(from: Rgb, to: Rgb, share: f64) -> Rgb {
    std::array::from_fn(|channel| {
        let (from, to) = (f64::from(from[channel]), f64::from(to[channel]));
        (from + (to - from) * share).round() as u8
    })
}

fn parse(hex: &str) -> Option<Rgb> {
    let digits = hex.trim().strip_prefix('#')?;
    if !digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
        return None;
    }
    let number = u32::from_str_radix(digits, 16).ok()?;
    match digits.len() {
        3 => Some([8, 4, 0].map(|shift| ((number >> shift) & 0xf) as u8 * 0x11)),
        6 => Some([16, 8, 0].map(|shift| ((number >> shift) & 0xff) as u8)),
        _ => None,
    }
}

fn write([red, green, blue]: Rgb) -> String {
    format!("#{red:02x}{green:02x}{blue:02x}")
}
