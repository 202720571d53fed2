"""Economic simulation of AI Power Grid: what each known attack earns at best, under which
parameters.

Every line of the simulation is a module with the same shape:

- functions that are the model, with units and sources in their docstrings;
- a search over what the attacker can choose (`search.best`), and a sample that plays the same game
  without the formula (`settings.generator`);
- `run(settings)`, which returns a `report.Line`: tables, pictures, and the attacks it judged.

`parameters` holds what the runtime does (`TODAY`), what is chosen here (`CHOSEN`), and what there
was before audits (`BEFORE`).
Money is in AIPG, time in days, shares and probabilities in 0…1.
"""
