//! Files of records, one at a time or all of a record as a tar archive; and the history.

use super::app::App;
use super::records::{RecordFile, Records};
use super::stream::streamed;
use axum::extract::{Path, State};
use axum::http::{HeaderName, StatusCode, header};
use axum::response::{IntoResponse, Response};
use std::io::{self, Read, Write};
use std::sync::Arc;

/// `GET /history`: the records that there are.
pub async fn history(State(app): State<Arc<App>>) -> Response {
    let records = app.records.clone();
    match tokio::task::spawn_blocking(move || records.history()).await {
        Ok(history) => json(&history),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

/// `GET /results/{run}/{file}`: a file of a record.
pub async fn file(
    State(app): State<Arc<App>>,
    Path((run, name)): Path<(String, String)>,
) -> Response {
    let Ok((mut file, bytes)) = app.records.open(&run, &name) else {
        return not_found();
    };
    let body = streamed(move |out| io::copy(&mut file, out).map(|_| ()));
    let headers = download_headers(&name);
    let mut response = (headers, body).into_response();
    // A file of a run that goes on may be longer by the time it is read.
    if app.is_current(&run) {
        return response;
    }
    response
        .headers_mut()
        .insert(header::CONTENT_LENGTH, bytes.into());
    response
}

/// `GET /results/{run}/record.tar`: a whole record.
pub async fn archive(State(app): State<Arc<App>>, Path(run): Path<String>) -> Response {
    let records = app.records.clone();
    let files = records.files(&run);
    if files.is_empty() {
        return not_found();
    }
    let name = format!("{run}.tar");
    let body = streamed(move |out| write_archive(out, &records, &run, &files));
    (download_headers(&name), body).into_response()
}

fn write_archive(
    out: &mut dyn Write,
    records: &Records,
    run: &str,
    files: &[RecordFile],
) -> io::Result<()> {
    let mut archive = tar::Builder::new(out);
    for RecordFile { name, .. } in files {
        let (file, bytes) = records.open(run, name)?;
        let mut header = tar::Header::new_gnu();
        header.set_metadata(&file.metadata()?);
        header.set_size(bytes);
        // As long as its header says, though it may grow meanwhile.
        archive.append_data(&mut header, format!("{run}/{name}"), file.take(bytes))?;
    }
    archive.finish()
}

/// What a browser needs to know of a file: never to be shown as a page of this server.
pub fn download_headers(name: &str) -> [(HeaderName, String); 2] {
    let kind = match name.rsplit_once('.').map(|(_, ending)| ending) {
        Some("csv") => "text/csv; charset=utf-8",
        Some("json") => "application/json",
        Some("jsonl") => "application/x-ndjson",
        Some("html") => "text/html; charset=utf-8",
        Some("tar") => "application/x-tar",
        Some("xml") => "application/xml",
        _ => "text/plain; charset=utf-8",
    };
    let quoted: String = name
        .chars()
        .map(|letter| match letter {
            ' '..='~' if !matches!(letter, '"' | '\\') => letter,
            _ => '_',
        })
        .collect();
    [
        (header::CONTENT_TYPE, kind.to_owned()),
        (
            header::CONTENT_DISPOSITION,
            format!("attachment; filename=\"{quoted}\""),
        ),
    ]
}

/// An answer in JSON.
pub fn json(value: &impl serde::Serialize) -> Response {
    match serde_json::to_vec(value) {
        Ok(text) => ([(header::CONTENT_TYPE, "application/json")], text).into_response(),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

/// There is no such thing.
pub fn not_found() -> Response {
    (StatusCode::NOT_FOUND, "there is nothing here\n").into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_archive_holds_every_file_of_the_record() {
        let place = tempfile::tempdir().expect("a directory");
        let run = place.path().join("a-run");
        std::fs::create_dir(&run).expect("made");
        std::fs::write(run.join("run.json"), "{}").expect("written");
        std::fs::write(run.join("a.csv"), "x".repeat(1_000)).expect("written");
        let records = Records::new(place.path());
        let mut bytes = Vec::new();
        write_archive(&mut bytes, &records, "a-run", &records.files("a-run")).expect("written");
        let mut archive = tar::Archive::new(bytes.as_slice());
        let entries = archive.entries().expect("an archive");
        let found: Vec<(String, u64)> = entries
            .map(|entry| {
                let entry = entry.expect("an entry");
                let path = entry.path().expect("a path").display().to_string();
                (path, entry.size())
            })
            .collect();
        let expected = [("a-run/a.csv", 1_000), ("a-run/run.json", 2)];
        assert_eq!(found, expected.map(|(path, size)| (path.to_owned(), size)));
    }

    #[test]
    fn names_cannot_break_out_of_their_header() {
        let [_, (_, disposition)] = download_headers("a\"\r\nx: y\\ü.csv");
        assert_eq!(disposition, "attachment; filename=\"a___x: y__.csv\"");
    }
}
