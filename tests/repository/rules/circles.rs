//! Files do not import each other in a circle. What counts is a name that one file takes from
//! another, followed to the file that defines it; a method that is called on a value takes no name.

use super::{File, Finding};
use module::{Module, read};
use std::collections::{BTreeMap, BTreeSet, HashMap};

mod module;
#[cfg(test)]
mod tests;
mod tokens;

/// What ties one file to others: for each the line of the first import, and the names taken.
type Ties = BTreeMap<String, (usize, BTreeSet<String>)>;

/// Every circle of files below `src/`, with what ties it.
pub fn circles(files: &[File]) -> Vec<Finding> {
    let ties = Crate::read(files).ties();
    let reached: BTreeMap<&str, BTreeSet<&str>> = ties
        .keys()
        .map(|file| (file.as_str(), reached_from(file, &ties)))
        .collect();
    let mut findings = Vec::new();
    let mut told = BTreeSet::new();
    for (file, there) in &reached {
        let circle: BTreeSet<&str> = there
            .iter()
            .filter(|other| reached[*other].contains(file))
            .copied()
            .collect();
        if circle.len() > 1 && circle.iter().all(|member| told.insert(*member)) {
            findings.push(finding(&circle, &ties));
        }
    }
    findings
}

fn reached_from<'a>(file: &str, ties: &'a BTreeMap<String, Ties>) -> BTreeSet<&'a str> {
    let mut reached = BTreeSet::new();
    let mut open = vec![file];
    while let Some(next) = open.pop() {
        for other in ties[next].keys() {
            if reached.insert(other.as_str()) {
                open.push(other);
            }
        }
    }
    reached
}

fn finding(circle: &BTreeSet<&str>, ties: &BTreeMap<String, Ties>) -> Finding {
    let mut says = format!(
        "{} files import each other in a circle; move what they share into a file of its own below them",
        circle.len()
    );
    let mut place = None;
    for file in circle {
        let inside = ties[*file]
            .iter()
            .filter(|(to, _)| circle.contains(to.as_str()));
        for (to, (line, names)) in inside {
            place.get_or_insert(((*file).to_owned(), *line));
            let names: Vec<&str> = names.iter().map(String::as_str).collect();
            says += &format!("\n  {file}:{line} takes {} from {to}", names.join(", "));
        }
    }
    let (path, line) = place.unwrap_or_default();
    Finding { path, line, says }
}

/// The crate's modules, without those of tests.
struct Crate {
    modules: Vec<Module>,
    places: HashMap<Vec<String>, usize>,
}

/// How many re-exports a name may pass through.
const MOST_STEPS: usize = 20;

/// What a path names.
enum Named<'a> {
    Module(usize),
    /// An item, with the module that defines it.
    Item(usize, &'a str),
}

impl Crate {
    fn read(files: &[File]) -> Self {
        let mut modules = Vec::new();
        let mut tests = Vec::new();
        for file in files {
            if let (Some(path), Some(text)) = (module_path(&file.path), &file.text) {
                let (more, of_tests) = read(&file.path, &path, text);
                modules.extend(more);
                tests.extend(of_tests);
            }
        }
        modules.retain(|module| !tests.iter().any(|test| module.path.starts_with(test)));
        let places = modules.iter().enumerate();
        let places = places.map(|(place, module)| (module.path.clone(), place));
        Self {
            places: places.collect(),
            modules,
        }
    }

    fn ties(&self) -> BTreeMap<String, Ties> {
        let mut ties: BTreeMap<String, Ties> = BTreeMap::new();
        for (from, module) in self.modules.iter().enumerate() {
            let of_file = ties.entry(module.file.clone()).or_default();
            // What is only handed on is no import.
            let taken = module.imports.iter().filter(|import| !import.is_handed_on);
            let taken = taken.map(|import| (import.line, &import.path));
            let mentioned = module.mentions.iter();
            let mentioned = mentioned.map(|mention| (mention.line, &mention.path));
            for (line, path) in taken.chain(mentioned) {
                let Some((to, name)) = self.taken(from, path) else {
                    continue;
                };
                let to = &self.modules[to].file;
                if *to != module.file {
                    let (first, names) =
                        of_file.entry(to.clone()).or_insert((line, BTreeSet::new()));
                    *first = line.min(*first);
                    names.insert(name.to_owned());
                }
            }
        }
        ties
    }

    /// The module that a path takes something from, and what. A module by itself gives nothing until
    /// something in it is named; all its names (`*`) are something.
    fn taken<'a>(&'a self, from: usize, path: &'a [String]) -> Option<(usize, &'a str)> {
        if let Some((last, parents)) = path.split_last()
            && last == "*"
        {
            return match self.resolve(from, parents, MOST_STEPS)? {
                Named::Module(to) => Some((to, "*")),
                Named::Item(to, name) => Some((to, name)),
            };
        }
        match self.resolve(from, path, MOST_STEPS)? {
            Named::Module(_) => None,
            Named::Item(to, name) => Some((to, name)),
        }
    }

    fn child(&self, module: usize, name: &str) -> Option<usize> {
        let mut path = self.modules[module].path.clone();
        path.push(name.to_owned());
        self.places.get(&path).copied()
    }

    fn resolve<'a>(&'a self, from: usize, path: &'a [String], steps: usize) -> Option<Named<'a>> {
        let steps = steps.checked_sub(1)?;
        let (first, rest) = path.split_first()?;
        let of = |path: &[String]| self.places.get(path).copied();
        let mut module = match first.as_str() {
            "crate" => of(&[])?,
            "self" => from,
            "super" => of(self.modules[from].path.split_last()?.1)?,
            _ => return self.look_up(from, path, steps),
        };
        let ups = rest.iter().take_while(|name| *name == "super").count();
        for _ in 0..ups {
            module = of(self.modules[module].path.split_last()?.1)?;
        }
        let rest = &rest[ups..];
        match rest.first() {
            None => Some(Named::Module(module)),
            // A macro may have made it: its file is the one that the path says.
            Some(name) => self
                .look_up(module, rest, steps)
                .or(Some(Named::Item(module, name))),
        }
    }

    /// Resolves a path that begins with a name of `module`.
    fn look_up<'a>(&'a self, module: usize, path: &'a [String], steps: usize) -> Option<Named<'a>> {
        let steps = steps.checked_sub(1)?;
        let (name, rest) = path.split_first()?;
        let child = self.child(module, name);
        if let (Some(child), Some(next)) = (child, rest.first()) {
            return self
                .look_up(child, rest, steps)
                .or(Some(Named::Item(child, next)));
        }
        let known = &self.modules[module];
        if known.defines.contains(name) {
            return Some(Named::Item(module, name));
        }
        for import in known.imports.iter().filter(|import| import.name == *name) {
            match self.resolve(module, &import.path, steps) {
                Some(Named::Module(to)) if !rest.is_empty() => {
                    return self
                        .look_up(to, rest, steps)
                        .or(Some(Named::Item(to, &rest[0])));
                }
                Some(named) => return Some(named),
                None => {}
            }
        }
        if let Some(child) = child {
            return Some(Named::Module(child));
        }
        let globs = known.imports.iter().filter(|import| import.name == "*");
        globs
            .filter_map(|glob| {
                let (_, parents) = glob.path.split_last()?;
                match self.resolve(module, parents, steps)? {
                    Named::Module(to) => self.look_up(to, path, steps),
                    Named::Item(..) => None,
                }
            })
            .next()
    }
}

/// The module of a file below `src/`; `None` for the program's own file, which nothing can import.
fn module_path(path: &str) -> Option<Vec<String>> {
    let inside = path.strip_prefix("src/")?.strip_suffix(".rs")?;
    if inside == "main" {
        return None;
    }
    let mut names: Vec<String> = inside.split('/').map(str::to_owned).collect();
    if inside == "lib" || names.last().is_some_and(|name| name == "mod") {
        names.pop();
    }
    Some(names)
}
