//! The start form: what `POST /swarm` is sent.

/// What a form asks for. Empty fields are left out; what is in the others is for the command line's
/// own parsers to judge.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SwarmOrder {
    /// Users at the same time.
    pub users: Option<String>,
    /// Users started a second.
    pub spawn_rate: Option<String>,
    /// Address of the shop.
    pub host: Option<String>,
    /// Length of the run.
    pub run_time: Option<String>,
    /// User classes, each with a weight if you like: `IdentityUser=3`.
    pub classes: Vec<String>,
    /// Name of a profile.
    pub profile: Option<String>,
    /// `class` or `max`.
    pub pacing: Option<String>,
}

/// A field that is there twice.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the field {0} is there twice")]
pub struct TwiceGiven(String);

impl SwarmOrder {
    /// Reads a form's body. Fields of other tools' forms are left alone.
    ///
    /// # Errors
    /// When a field that may be there once is there twice.
    pub fn parse(body: &[u8]) -> Result<Self, TwiceGiven> {
        let mut order = Self::default();
        for (name, value) in form_urlencoded::parse(body) {
            let value = value.trim();
            if value.is_empty() {
                continue;
            }
            let field = match name.as_ref() {
                "user_count" => &mut order.users,
                "spawn_rate" => &mut order.spawn_rate,
                "host" => &mut order.host,
                "run_time" => &mut order.run_time,
                "profile" => &mut order.profile,
                "pacing" => &mut order.pacing,
                "user_classes" => {
                    order.classes.push(value.to_owned());
                    continue;
                }
                _ => continue,
            };
            if field.replace(value.to_owned()).is_some() {
                return Err(TwiceGiven(name.into_owned()));
            }
        }
        Ok(order)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn locusts_form_is_read() {
        let order = SwarmOrder::parse(
            b"user_count=10&spawn_rate=2.5&host=http%3A%2F%2Flocalhost%3A8000&run_time=&\
              user_classes=IdentityUser%3D3&user_classes=SpikeUser&shape_class=Default&profile=+load+",
        );
        let text = |text: &str| Some(text.to_owned());
        let expected = SwarmOrder {
            users: text("10"),
            spawn_rate: text("2.5"),
            host: text("http://localhost:8000"),
            run_time: None,
            classes: vec!["IdentityUser=3".to_owned(), "SpikeUser".to_owned()],
            profile: text("load"),
            pacing: None,
        };
        assert_eq!(order, Ok(expected));
    }

    #[test]
    fn nothing_is_an_order_too() {
        assert_eq!(SwarmOrder::parse(b""), Ok(SwarmOrder::default()));
        assert_eq!(SwarmOrder::parse(b"&&=&%zz=1"), Ok(SwarmOrder::default()));
    }

    #[test]
    fn what_is_there_twice_is_refused() {
        let error = SwarmOrder::parse(b"host=http://a&host=http://b").unwrap_err();
        assert_eq!(error.to_string(), "the field host is there twice");
    }
}
