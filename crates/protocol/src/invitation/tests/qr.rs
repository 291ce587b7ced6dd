use super::*;

/// What an independent decoder reads from a picture whose pixels are dark or light.
fn decode(width: usize, is_dark: impl Fn(usize, usize) -> bool) -> String {
    let mut image = rqrr::PreparedImage::prepare_from_bitmap(width, width, is_dark);
    let grids = image.detect_grids();
    assert_eq!(grids.len(), 1, "one QR code is found");
    grids[0].decode().unwrap().1
}

/// Decodes a grid of modules, quiet zone included, after checking that zone.
fn decode_modules(rows: &[Vec<bool>]) -> String {
    let width = rows.len();
    assert!(rows.iter().all(|row| row.len() == width), "a square");
    for (y, row) in rows.iter().enumerate() {
        for (x, dark) in row.iter().enumerate() {
            let zone = [x, y].iter().any(|at| *at < 4 || *at >= width - 4);
            assert!(!(zone && *dark), "the quiet zone is light");
        }
    }
    decode(width * 3, |x, y| rows[y / 3][x / 3])
}

/// The modules that our SVG draws as `M{x} {y}h1v1h-1z`.
fn rasterise(svg: &str) -> Vec<Vec<bool>> {
    let between =
        |start: &str, end: &str| svg.split_once(start).unwrap().1.split_once(end).unwrap().0;
    let width: usize = between("<rect width=\"", "\"").parse().unwrap();
    assert_eq!(between("viewBox=\"", "\""), format!("0 0 {width} {width}"));
    let mut rows = vec![vec![false; width]; width];
    for square in between(" d=\"", "\"").split_terminator("h1v1h-1z") {
        let (x, y) = square.strip_prefix('M').unwrap().split_once(' ').unwrap();
        rows[y.parse::<usize>().unwrap()][x.parse::<usize>().unwrap()] = true;
    }
    rows
}

fn terminal_modules(text: &str) -> Vec<Vec<bool>> {
    let mut rows = Vec::new();
    for line in text.lines() {
        let line = line.strip_prefix("\x1b[38;5;16;48;5;231m").unwrap();
        let line = line.strip_suffix("\x1b[0m").unwrap();
        rows.push(
            line.chars()
                .map(|c| matches!(c, '▀' | '█'))
                .collect::<Vec<bool>>(),
        );
        rows.push(line.chars().map(|c| matches!(c, '▄' | '█')).collect());
    }
    // The code has an odd number of rows: the last half line is filled up.
    assert!(!rows.pop().unwrap().contains(&true));
    rows
}

fn with_pin() -> ShareUrl {
    ShareUrl {
        pin_required: true,
        ..example()
    }
}

#[test]
fn the_svg_is_decoded_back() {
    let url = with_pin();
    assert_eq!(
        decode_modules(&rasterise(&qr_code_svg(&url))),
        *url.to_url()
    );
}

#[test]
fn the_terminal_text_is_decoded_back_and_fits_80_columns_and_30_lines() {
    let url = with_pin();
    let text = qr_code_terminal(&url, 4);
    assert_eq!(decode_modules(&terminal_modules(&text)), *url.to_url());
    assert!(text.lines().count() <= 30 && terminal_modules(&text).len() <= 80);
}

#[test]
fn with_a_quiet_zone_of_one_a_host_of_34_characters_leaves_two_of_24_rows() {
    let host = format!("{}.example", "r".repeat(26));
    let url = ShareUrl {
        relay: RelayOrigin::parse(&format!("https://{host}")).unwrap(),
        ..with_pin()
    };
    let text = qr_code_terminal(&url, 1);
    assert_eq!((host.len(), text.lines().count()), (34, 22));
    // A camera sees light around it on a light desk; here it is put there.
    let code = terminal_modules(&text);
    let mut framed = vec![vec![false; code.len() + 6]; code.len() + 6];
    for (y, row) in code.iter().enumerate() {
        framed[y + 3][3..3 + row.len()].copy_from_slice(row);
    }
    assert_eq!(decode_modules(&framed), *url.to_url());
    assert_eq!(qr_code_terminal(&url, 0), text);
    assert_eq!(qr_code_terminal(&url, 9), qr_code_terminal(&url, 4));
}

#[test]
fn all_three_show_the_same_modules() {
    let url = example();
    let svg = rasterise(&qr_code_svg(&url));
    assert_eq!(svg, terminal_modules(&qr_code_terminal(&url, 4)));
    assert_eq!(svg, qr_code(&url));
}

#[test]
fn the_longest_share_url_still_has_its_code() {
    let host = ["a".repeat(61).as_str(); 4].join(".");
    let relay = RelayOrigin::parse(&format!("https://{host}:65535")).unwrap();
    let url = ShareUrl {
        relay,
        ..with_pin()
    };
    assert_eq!(
        decode_modules(&rasterise(&qr_code_svg(&url))),
        *url.to_url()
    );
}
