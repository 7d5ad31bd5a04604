declare module '*.wasm' {
  const module: WebAssembly.Module;
  export default module;
}

declare module '*.py' {
  const text: string;
  export default text;
}
