// Prints one of our scripts with all it imports, as a page loads it.
import { build } from "esbuild";

const { outputFiles } = await build({
  entryPoints: [process.argv[2]], bundle: true, format: "iife", target: "es2022", write: false,
});
process.stdout.write(outputFiles[0].text);
