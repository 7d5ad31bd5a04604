import { bundlePython } from './bundle-python.ts';
import cells from './describe/cells.py';
import classifyCells from './describe/classify_cells.py';
import column from './describe/column.py';
import delimited from './describe/delimited.py';
import describe from './describe/describe.py';
import faults from './describe/faults.py';
import jsonLines from './describe/json_lines.py';
import names from './describe/names.py';
import parquet from './describe/parquet.py';
import textLines from './describe/text_lines.py';

/** The program that checks and describes one data source, as `inspect` takes it. */
export const DESCRIBE_SCRIPT = bundlePython(
  {
    faults,
    cells,
    names,
    column,
    classify_cells: classifyCells,
    text_lines: textLines,
    delimited,
    json_lines: jsonLines,
    parquet,
    describe,
  },
  'import describe\n\ndescribe.run()',
);
