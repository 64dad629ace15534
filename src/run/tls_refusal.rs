//! Why TLS cannot be spoken with a target, and what is to be done: in one sentence.

use crate::engine::tls::{HandshakeError, TlsFault, TlsTrouble, VisitError};
use crate::plan::{Target, TlsRoots};
use std::fmt::Display;
use std::io;

/// What servers answer who were spoken to in plain HTTP where they speak TLS: nginx, Go, Apache.
const SENT_PLAIN: [&str; 3] = [
    "plain HTTP request was sent to HTTPS port",
    "Client sent an HTTP request to an HTTPS server",
    "speaking plain HTTP to an SSL-enabled server port",
];
/// What nginx answers who showed no certificate, or one that it does not take.
const WITHOUT_CERTIFICATE: [&str; 2] = [
    "No required SSL certificate was sent",
    "The SSL certificate error",
];

/// What is to be done about a target that does not speak HTTP/2.
const OTHER_HTTP: &str =
    "HTTP/2 is not for it: leave --http2 out, or let it choose with --http2=auto";

/// What is said of a target that takes part in a handshake, and not in HTTP/2, which is all that it was offered.
pub fn without_http2() -> String {
    sentence(&TlsTrouble::NoProtocol, OTHER_HTTP)
}

/// What came of a handshake with `target`.
pub fn told_of_visit(target: &Target, error: &VisitError) -> String {
    sentence(error, &remedy(target, error.fault()))
}

/// What came of a line to `target`, if TLS has to do with it.
pub fn told_of_broken(target: &Target, error: &io::Error) -> Option<String> {
    let inner = error.get_ref()?.downcast_ref::<HandshakeError>()?;
    Some(sentence(inner, &remedy(target, inner.fault())))
}

/// What an answer with the status 400 means, if TLS has to do with it.
pub fn told_of_answer(target: &Target, body: &[u8]) -> Option<String> {
    let says = |texts: &[&str]| {
        let mut texts = texts.iter();
        texts.any(|text| memchr::memmem::find(body, text.as_bytes()).is_some())
    };
    match &target.tls {
        None if says(&SENT_PLAIN) => Some(tls_instead(target)),
        Some(_) if says(&WITHOUT_CERTIFICATE) => Some(sentence(
            &TlsTrouble::WantsCertificate,
            &remedy(target, TlsFault::ClientCertificate),
        )),
        _ => None,
    }
}

/// What is said when TLS is spoken at the address of a plain target.
pub fn tls_instead(target: &Target) -> String {
    format!(
        "TLS is spoken on this port: use -H https://{}{}",
        target.authority, target.base_path
    )
}

/// What is said when plain HTTP is spoken at the address of a target with TLS.
pub fn plain_instead(target: &Target) -> String {
    format!(
        "plain HTTP is spoken on this port: use -H http://{}{}",
        target.authority, target.base_path
    )
}

fn sentence(why: &dyn Display, remedy: &str) -> String {
    match remedy.is_empty() {
        true => why.to_string(),
        false => format!("{why}: {remedy}"),
    }
}

fn remedy(target: &Target, fault: TlsFault) -> String {
    const UNCHECKED: &str = "or take it for what it says with --insecure";
    let settings = target.tls.as_ref();
    let has_ca = settings.is_some_and(|tls| tls.roots != TlsRoots::Platform);
    let shows_own = settings.is_some_and(|tls| tls.identity.is_some());
    match fault {
        TlsFault::Time => format!("renew it, {UNCHECKED}"),
        TlsFault::Name => format!(
            "name the host as the certificate does (--connect-to says where it is), {UNCHECKED}"
        ),
        TlsFault::Authority if has_ca => {
            format!("the file of --ca does not hold its authority; name one that does, {UNCHECKED}")
        }
        TlsFault::Authority => {
            format!("name the certificate of its authority with --ca FILE, {UNCHECKED}")
        }
        TlsFault::OfAuthority => {
            format!("name that certificate itself with --ca FILE, {UNCHECKED}")
        }
        TlsFault::Certificate => UNCHECKED.replacen("or ", "", 1),
        TlsFault::ClientCertificate if shows_own => {
            "it does not take the one of --client-cert".to_owned()
        }
        TlsFault::ClientCertificate => {
            "show one with --client-cert FILE and --client-key FILE".to_owned()
        }
        TlsFault::NothingInCommon if !shows_own => {
            "if it wants a certificate, show one with --client-cert FILE".to_owned()
        }
        TlsFault::Protocol if target.http2 => OTHER_HTTP.to_owned(),
        TlsFault::Protocol => "it may speak HTTP/2 only: try --http2".to_owned(),
        TlsFault::PlainHttp => format!("use -H http://{}{}", target.authority, target.base_path),
        TlsFault::HungUp | TlsFault::Silence => "is this the port for https?".to_owned(),
        TlsFault::NothingInCommon | TlsFault::Other => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::{HttpChoice, TlsIdentity};

    #[test]
    fn each_fault_has_its_remedy() {
        let target = Target::parse("https://shop.test:8443/api").unwrap();
        for (fault, says) in [
            (TlsFault::Time, "--insecure"),
            (TlsFault::Name, "--connect-to"),
            (TlsFault::Authority, "with --ca FILE"),
            (TlsFault::OfAuthority, "itself with --ca FILE"),
            (
                TlsFault::Certificate,
                "take it for what it says with --insecure",
            ),
            (TlsFault::ClientCertificate, "--client-cert FILE"),
            (TlsFault::NothingInCommon, "--client-cert FILE"),
            (TlsFault::PlainHttp, "-H http://shop.test:8443/api"),
            (TlsFault::Protocol, "try --http2"),
            (TlsFault::HungUp, "the port for https?"),
            (TlsFault::Other, ""),
        ] {
            let said = remedy(&target, fault);
            assert!(said.contains(says), "{fault:?}: {said}");
        }
        let mut known = target.asked_in(HttpChoice::Http2);
        assert!(remedy(&known, TlsFault::Protocol).contains("--http2=auto"));
        let tls = known.tls.as_mut().unwrap();
        tls.roots = TlsRoots::Pem(Vec::new());
        tls.identity = Some(TlsIdentity {
            chain_pem: Vec::new(),
            key_pem: Vec::new(),
        });
        assert!(remedy(&known, TlsFault::Authority).contains("the file of --ca does not"));
        assert!(remedy(&known, TlsFault::ClientCertificate).contains("does not take"));
    }

    #[test]
    fn what_servers_say_of_the_other_protocol_is_understood() {
        let plain = Target::parse("http://shop.test:443").unwrap();
        let over_tls = Target::parse("https://shop.test").unwrap();
        for text in SENT_PLAIN {
            let body = format!("<html>400 The {text}</html>");
            let said = told_of_answer(&plain, body.as_bytes()).unwrap();
            assert!(said.ends_with("use -H https://shop.test:443"), "{said}");
            assert_eq!(told_of_answer(&over_tls, body.as_bytes()), None);
        }
        for text in WITHOUT_CERTIFICATE {
            let said = told_of_answer(&over_tls, text.as_bytes()).unwrap();
            assert!(said.contains("--client-cert"), "{said}");
            assert_eq!(told_of_answer(&plain, text.as_bytes()), None);
        }
        assert_eq!(told_of_answer(&plain, b"{}"), None);
    }
}
