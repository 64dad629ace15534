//! Titles, sentences and paragraphs.

use super::{choose, vocabulary};
use fastrand::Rng;

/// Longest sentence in bytes: eight words of eight letters, each followed by a blank or the full
/// stop.
pub const LONGEST_SENTENCE_BYTES: usize = 72;

/// A word in lower case.
pub fn word(rng: &mut Rng) -> &'static str {
    choose(rng, vocabulary::ENGLISH)
}

/// A word that begins with a capital.
pub fn capitalised(rng: &mut Rng) -> String {
    let mut word = word(rng).to_owned();
    if let Some(first) = word.get_mut(..1) {
        first.make_ascii_uppercase();
    }
    word
}

/// `Special Recent`
pub fn two_words(rng: &mut Rng) -> String {
    format!("{} {}", capitalised(rng), capitalised(rng))
}

/// `Rock serve hope there quality your community.`: 3 to 8 words.
pub fn sentence(rng: &mut Rng) -> String {
    let mut text = capitalised(rng);
    for _ in 1..rng.u8(3..=8) {
        text.push(' ');
        text.push_str(word(rng));
    }
    text.push('.');
    text
}

/// 1 to 4 sentences, as many as fit into `most_bytes` ≥ [`LONGEST_SENTENCE_BYTES`].
pub fn paragraph(rng: &mut Rng, most_bytes: usize) -> String {
    debug_assert!(most_bytes >= LONGEST_SENTENCE_BYTES);
    let mut text = sentence(rng);
    for _ in 1..rng.u8(1..=4) {
        let next = sentence(rng);
        if text.len() + 1 + next.len() > most_bytes {
            break;
        }
        text.push(' ');
        text.push_str(&next);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn the_vocabulary_looks_real_and_needs_no_escapes() {
        let distinct: HashSet<_> = vocabulary::ENGLISH.iter().collect();
        assert_eq!(distinct.len(), vocabulary::ENGLISH.len());
        assert!(distinct.len() > 700, "{}", distinct.len());
        for word in vocabulary::ENGLISH {
            assert!((1..=8).contains(&word.len()), "{word}");
            assert!(word.bytes().all(|byte| byte.is_ascii_lowercase()), "{word}");
        }
    }

    #[test]
    fn sentences_have_three_to_eight_words() {
        let mut rng = Rng::with_seed(1);
        let mut lengths = HashSet::new();
        for _ in 0..1_000 {
            let text = sentence(&mut rng);
            assert!(text.len() <= LONGEST_SENTENCE_BYTES, "{text}");
            assert!(text.starts_with(|first: char| first.is_ascii_uppercase()));
            assert!(text.ends_with('.'));
            lengths.insert(text.split(' ').count());
        }
        assert_eq!(lengths, (3..=8).collect());
    }

    /// The suite's descriptions have 92 characters on average.
    #[test]
    fn paragraphs_have_the_length_of_the_suite_and_keep_their_limit() {
        let mut rng = Rng::with_seed(1);
        let texts: Vec<String> = (0..4_000).map(|_| paragraph(&mut rng, 255)).collect();
        assert!(texts.iter().all(|text| text.len() <= 255));
        let sentences: HashSet<usize> =
            texts.iter().map(|text| text.matches('.').count()).collect();
        assert_eq!(sentences, (1..=4).collect());
        let mean = texts.iter().map(String::len).sum::<usize>() as f64 / texts.len() as f64;
        assert!((72.0..=112.0).contains(&mean), "{mean}");

        let short = (0..1_000).map(|_| paragraph(&mut rng, LONGEST_SENTENCE_BYTES));
        assert!(
            short
                .into_iter()
                .all(|text| text.len() <= LONGEST_SENTENCE_BYTES)
        );
    }
}
