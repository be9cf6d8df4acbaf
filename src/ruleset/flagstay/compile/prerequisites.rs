//! Prerequisites: resolved when all flags are there, and followed to see that they end.

use super::circle::{self, Place};
use super::{Compiler, Numbers, broken};
use crate::ruleset::flagstay::document;
use crate::ruleset::flagstay::flag::{Flag, Prerequisite, State};
use crate::ruleset::flagstay::shape::Object;
use crate::ruleset::path::{Mistake, Path};
use hashbrown::HashMap;

/// How many flags a chain of prerequisites may have.
const LONGEST_CHAIN: u32 = 16;

/// How many prerequisites one decision may ask for, those of prerequisites counted each time.
const MOST_ASKED: u32 = 256;

/// Prerequisites of a flag that is otherwise in order.
pub(super) struct Pending<'a> {
    pub(super) flag: u32,
    pub(super) prerequisites: Vec<Object<document::Prerequisite<'a>>>,
}

impl Compiler<'_> {
    pub(super) fn prerequisites(
        &mut self,
        flags: &mut [Flag],
        pending: &[Pending<'_>],
        numbers: &Numbers<'_>,
    ) {
        let root = Path::root("flags");
        let mut edges = vec![Vec::new(); flags.len()];
        let mut resolved = Vec::with_capacity(pending.len());
        for Pending {
            flag,
            prerequisites,
        } in pending
        {
            let key = flags[*flag as usize].key.clone();
            let path = root.key(&key);
            match resolve(prerequisites, flags, numbers, &path) {
                Ok(prerequisites) => {
                    let used = prerequisites.iter().map(|prerequisite| prerequisite.flag);
                    edges[*flag as usize] = used.collect();
                    resolved.push((*flag, prerequisites));
                }
                Err(mistake) => flags[*flag as usize] = self.broken(&key, mistake),
            }
        }
        let (order, places) = circle::order(&edges);
        // In the order in which flags depend on one another; those in circles last, in any.
        let circles = (0..flags.len() as u32).filter(|n| places[*n as usize] != Place::Ordered);
        let mut resolved: HashMap<u32, Box<[Prerequisite]>> = resolved.into_iter().collect();
        let mut chains = vec![1_u32; flags.len()];
        let mut asked = vec![0_u32; flags.len()];
        let in_order: Vec<u32> = order.into_iter().chain(circles).collect();
        for number in in_order {
            let Some(prerequisites) = resolved.remove(&number) else {
                continue;
            };
            let at = |n: usize| {
                let path = root.key(&flags[number as usize].key);
                let path = path.key("prerequisites");
                path.index(n).key("flag").to_string()
            };
            let used = prerequisites
                .iter()
                .map(|prerequisite| prerequisite.flag as usize);
            let chain = 1 + used.clone().map(|used| chains[used]).max().unwrap_or(0);
            let asks = used
                .clone()
                .map(|used| asked[used].saturating_add(1))
                .fold(0, u32::saturating_add);
            let unsettled = |used: usize| places[used] != Place::Ordered;
            let mistake = if let Some(n) = used.clone().position(unsettled) {
                let message = match places[number as usize] {
                    Place::Circle => "the prerequisites go in a circle".to_owned(),
                    _ => broken("flag", &flags[prerequisites[n].flag as usize].key),
                };
                Some(Mistake {
                    path: at(n),
                    message,
                })
            } else if let Some(n) = used.clone().position(|used| flags[used].works().is_none()) {
                let message = broken("flag", &flags[prerequisites[n].flag as usize].key);
                Some(Mistake {
                    path: at(n),
                    message,
                })
            } else if chain > LONGEST_CHAIN {
                let n = used.clone().position(|used| chains[used] + 1 == chain);
                let message = format!("the chain of prerequisites is longer than {LONGEST_CHAIN}");
                let path = at(n.unwrap_or(0));
                Some(Mistake { path, message })
            } else if asks > MOST_ASKED {
                let path = root.key(&flags[number as usize].key);
                let message =
                    format!("a decision would ask for more than {MOST_ASKED} prerequisites");
                Some(path.key("prerequisites").mistake(message))
            } else {
                None
            };
            chains[number as usize] = chain;
            asked[number as usize] = asks;
            match mistake {
                Some(mistake) => {
                    let key = flags[number as usize].key.clone();
                    flags[number as usize] = self.broken(&key, mistake);
                }
                None => {
                    if let State::Works(works) = &mut flags[number as usize].state {
                        works.prerequisites = prerequisites;
                    }
                }
            }
        }
    }
}

/// Finds the flags and variations that prerequisites name. A flag that is broken already has none to name.
fn resolve(
    written: &[Object<document::Prerequisite<'_>>],
    flags: &[Flag],
    numbers: &Numbers<'_>,
    path: &Path<'_>,
) -> Result<Box<[Prerequisite]>, Mistake> {
    let path = path.key("prerequisites");
    let mut resolved = Vec::with_capacity(written.len());
    for (n, Object(written)) in written.iter().enumerate() {
        let path = path.index(n);
        let key = written.flag.as_str();
        let Some(flag) = numbers.get(key) else {
            return Err(path
                .key("flag")
                .mistake(format_args!("there is no flag `{key}`")));
        };
        let Some(works) = flags[*flag as usize].works() else {
            return Err(path.key("flag").mistake(broken("flag", key)));
        };
        let path = path.key("variations");
        let mut variations = Vec::with_capacity(written.variations.len());
        for (n, name) in written.variations.iter().enumerate() {
            let Some(number) = works.variation(name.as_str()) else {
                let name = name.as_str();
                let message = format_args!("the flag `{key}` has no variation `{name}`");
                return Err(path.index(n).mistake(message));
            };
            variations.push(number);
        }
        resolved.push(Prerequisite {
            flag: *flag,
            variations: variations.into(),
        });
    }
    Ok(resolved.into())
}
