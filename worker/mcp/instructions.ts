/** What an agent reads when it connects: enough to be good at this server on the first try. */
export const INSTRUCTIONS = `Causeway keeps versioned projects and runs Python models in sandboxes without network.

The usual job: create_project, write_files (one atomic commit; Python models and notes), import_data (small text inline, or create_upload for files), describe_data (columns, types, and the line of Python that loads it), run_model, then get_run_output. Change parameters and run again; compare_runs shows what changed.

In a model: /repo is the project (read-only, on sys.path), /data/<name>/ holds attached data (read-only), parameters are in /inputs/parameters.json, results go to /outputs (CSV and Parquet are shown as tables, PNG as images). \`import causeway\` offers causeway.parameters, causeway.data(name), causeway.output(name), causeway.progress(done, total, message) and causeway.seed. numpy, pandas, pyarrow, duckdb, polars, scipy, statsmodels and matplotlib are there unless whoami lists them as absent; nothing can be installed and nothing can be fetched.

A run that fails returns its traceback with line numbers of your file: fix the file with edit_file and run again. A call that waited long enough returns the run still active: call get_run with wait_seconds.`;
