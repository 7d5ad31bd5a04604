/** A causeway: stones in a row through water. */
export const ICON = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><rect width="32" height="32" rx="7" fill="#0b5fff"/><path d="M4 22c4-3 8 3 12 0s8 3 12 0" fill="none" stroke="#9cc0ff" stroke-width="2" stroke-linecap="round"/><g fill="#fff"><rect x="5" y="13" width="6" height="4" rx="1.5"/><rect x="13" y="11" width="6" height="4" rx="1.5"/><rect x="21" y="13" width="6" height="4" rx="1.5"/></g></svg>
`;
